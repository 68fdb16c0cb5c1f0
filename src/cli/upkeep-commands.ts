import type { Command } from 'commander'
import type { RunFlags, UpgradeFlags } from './flags.ts'
import { runFlags } from './options.ts'

/** `upgrade`, `restart` and `resume`: what keeps a cluster new, and finishes what did not come to its end. */
export function upkeepCommands(
  program: Command,
  day2: (name: string, flags: RunFlags, asked: Readonly<Record<string, unknown>>) => Promise<void>,
): void {
  runFlags(program.command('upgrade [hosts...]'))
    .description(
      'newer packages, and images built anew with them, one host after the other (default: all hosts)',
    )
    .option('--reboot', 'boot hosts that want it, each in its turn')
    .action(async (hosts: string[], flags: UpgradeFlags) => {
      process.exitCode = await (await import('./upgrade-command.ts')).upgradeCommand(hosts, flags)
    })

  runFlags(program.command('restart [hosts...]'))
    .description(
      'PostgreSQL restarted where it waits for that, one member after the other (default: all hosts)',
    )
    .option('--pending', 'only where Patroni says that a restart is pending (default)')
    .option('--force', 'also where nothing is pending')
    .action((hosts: string[], flags: RunFlags & { force?: boolean }) =>
      day2('restart', flags, {
        hosts: hosts.length > 0 ? hosts : ['all'],
        force: flags.force ? new Date().toISOString() : undefined,
      }),
    )

  runFlags(program.command('resume [id]'))
    .description(
      'take over a run that did not finish, from any clone: the last one, or that of `provision runs`',
    )
    .action(async (id: string | undefined, flags: RunFlags) => {
      process.exitCode = await (await import('./resume-command.ts')).resumeCommand(id, flags)
    })
}
