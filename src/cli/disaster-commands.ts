import type { Command } from 'commander'
import type { RunFlags } from './flags.ts'
import { runFlags } from './options.ts'
import { stamp } from './stamp.ts'

/** Runs the playbook, with what was asked for as vars of the role `name`. */
type Run = (
  name: string,
  flags: RunFlags,
  asked: Readonly<Record<string, unknown>>,
  playbook?: string,
) => Promise<void>

/** `provision dr …` and `provision etcd …`: for the worst days, and for the data that says who leads. */
export function disasterCommands(program: Command, day2: Run): void {
  const dr = program
    .command('dr')
    .description('the worst days: etcd is lost, all hosts were off, data is damaged')

  runFlags(dr.command('etcd-lost'))
    .description('a new etcd under the database, which keeps its data and goes on; led by the right member')
    .action((flags: RunFlags) => day2('etcd-lost', flags, { at: stamp() }, 'dr-etcd-lost'))

  runFlags(dr.command('all-down'))
    .description(
      'all hosts were off and are on again: waits for each part in order, and says what is missing',
    )
    .option('--force', 'promote the most advanced member that answers, although not all do')
    .action(async (flags: RunFlags & { force?: boolean }) => {
      process.exitCode = await (await import('./all-down-command.ts')).allDownCommand(flags)
    })

  runFlags(dr.command('corrupt <host>'))
    .description('damaged data of a member: found by reading all of it, handed over, made anew, read again')
    .option('--force', 'also where no damage is found')
    .action((host: string, flags: RunFlags & { force?: boolean }) =>
      day2('corrupt', flags, { host, force: flags.force, at: stamp() }, 'dr-corrupt'),
    )

  const etcd = program.command('etcd').description("etcd's own procedures")

  runFlags(etcd.command('snapshot'))
    .description('a snapshot of etcd, kept on the host that makes it')
    .option('--out <file>', 'bring it here, too; a file that is there is never overwritten')
    .action(async (flags: RunFlags) => {
      process.exitCode = await (await import('./etcd-snapshot-command.ts')).etcdSnapshotCommand(flags)
    })

  runFlags(etcd.command('defrag'))
    .description(
      'gives back the room that deleted keys have left: one member after the other, the leader last',
    )
    .action((flags: RunFlags) => day2('etcd-care', flags, { defrag: stamp() }, 'etcd-defrag'))
}
