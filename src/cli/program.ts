import { Command } from 'commander'
import project from '../../package.json' with { type: 'json' }
import { backupCommands } from './backup-commands.ts'
import { disasterCommands } from './disaster-commands.ts'
import { firewallCommands } from './firewall-commands.ts'
import type { ClusterFlags, NewcomerFlags, PsqlFlags, RemoveFlags, RunFlags } from './flags.ts'
import { clusterFlags, newcomerFlags, runFlags, site } from './options.ts'
import { upkeepCommands } from './upkeep-commands.ts'

const examples = `
Examples:
  provision --inventory inventory/prod.yaml               run playbooks/site.ts
  provision plan --inventory inventory/prod.yaml --diff   what would change, and how
  provision run playbooks/prepare.ts --limit db2          change only db2; all hosts are observed
  provision plan --out FILE; provision apply FILE         exactly what was looked at, or nothing
  provision replace db2                                   a new machine in the place of a dead one
  provision doctor                                        are the machines fit?
  provision explain db1 'service[docker]'                 who asks for it, and why it would act
  provision inventory show db1                            merged vars, and where each came from
  provision audit firewall                                what is open, from where, and is it meant to be?
  provision lab up                                        three real hosts on this machine

Exit codes: 0 done · 1 failed · 2 plan found changes (--detailed-exitcode) · 3 host unreachable · 4 bad input · 130 interrupted
provision audit: 0 clean · 2 findings (--fail-on) · 3 a host could not be audited`

export const program = new Command('provision')
  .description('Typed playbooks over SSH: plan, apply and prove the state of your own metal.')
  .version(project.version, '--version')
  .addHelpText('after', examples)
  .enablePositionalOptions()
  .exitOverride((error) => {
    process.exit(error.exitCode === 0 ? 0 : 4)
  })

runFlags(program).action((flags: RunFlags) => start((run) => run.runCommand(site, flags)))

runFlags(program.command('run <playbook>'))
  .description('run a playbook')
  .action((playbook: string, flags: RunFlags) => start((run) => run.runCommand(playbook, flags)))

runFlags(program.command('plan [playbook]'))
  .description('show what a run would change; touches nothing')
  .option('--detailed-exitcode', 'exit 2 when there are changes')
  .option('--out <file>', 'save the plan, for: provision apply FILE')
  .action((playbook: string | undefined, flags: RunFlags) =>
    start((run) => run.planCommand(playbook ?? site, flags)),
  )

runFlags(program.command('apply <file>'))
  .description('do exactly what a saved plan says, or refuse')
  .action((file: string, flags: RunFlags) => start((run) => run.applyCommand(file, flags)))

runFlags(program.command('explain <host> <resource-or-var>'))
  .description('why: which role and line, what differs, where a value came from')
  .option('--playbook <file>', 'playbook', site)
  .action((host: string, what: string, flags: RunFlags & { playbook: string }) =>
    start((run) => run.explainCommand(flags.playbook, host, what, flags)),
  )

runFlags(program.command('doctor [playbook]'))
  .description(
    'are the machines fit? disks, clocks, names, ports, downloads: measured, with what to do; changes nothing',
  )
  .action((playbook: string | undefined, flags: RunFlags) =>
    start((run) => run.doctorCommand(playbook ?? 'playbooks/doctor.ts', flags)),
  )

runFlags(program.command('rollback <phase>'))
  .description('take a phase of the stack, and all after it, back; data stays')
  .option('--destroy-data', 'delete its data too: the name of the cluster is asked for')
  .option('--confirm <name>', 'that name, where nobody can be asked')
  .action(async (phase: string, flags: RunFlags) => {
    process.exitCode = await (await import('./rollback-command.ts')).rollbackCommand(phase, flags)
  })

newcomerFlags(program.command('replace <host>'))
  .description('a new machine for a host that died: one command makes the cluster whole')
  .option('--decommission', 'the old machine still works: take it out in order first')
  .action((host: string, flags: NewcomerFlags) => newcomer('replace', host, flags))

newcomerFlags(program.command('add <host>'))
  .description('one more standby, which the inventory names already')
  .action((host: string, flags: NewcomerFlags) => newcomer('add', host, flags))

runFlags(program.command('remove <host>'))
  .description('a host leaves the cluster in order, and the others forget it; what it has stored stays on it')
  .option('--dead', 'its machine is gone and does not come back: the others forget it')
  .action(async (host: string, flags: RemoveFlags) => {
    process.exitCode = await (await import('./remove-command.ts')).removeCommand(host, flags)
  })

runFlags(program.command('switchover'))
  .description('another primary, in order: nothing is lost, writes stop for about two seconds')
  .option('--to <host>', 'who shall lead (default: the nearest standby)')
  .option('--at <time>', 'when, as 2027-01-31T03:00:00Z (default: now)')
  .action((flags: RunFlags & { to?: string; at?: string }) =>
    day2('switchover', flags, { to: flags.to, at: flags.at }),
  )

runFlags(program.command('reboot <hosts...>'))
  .description('boot hosts anew, one after the other, the primary last; `all` for every one')
  .action((hosts: string[], flags: RunFlags) =>
    day2('reboot', flags, { hosts, since: new Date().toISOString() }),
  )

upkeepCommands(program, day2)

runFlags(program.command('maintenance <on|off> [host]'))
  .description(
    'one host carries no clients while you work on it; without a host: Patroni keeps its hands off the whole cluster',
  )
  .action((what: string, host: string | undefined, flags: RunFlags) => {
    if (what !== 'on' && what !== 'off') program.error(`maintenance takes on or off, not ${what}`)
    const on = what === 'on'
    return host === undefined ? day2('maintenance', flags, { on }) : day2('drain', flags, { host, on })
  })

runFlags(program.command('reinit <host>'))
  .description('make a standby anew from the others, its data thrown away')
  .action((host: string, flags: RunFlags) => day2('reinit', flags, { host }))

disasterCommands(program, day2)
backupCommands(program)

clusterFlags(program.command('status'))
  .description('the whole cluster on one screen; exits 0 only when all is well')
  .option('--watch', 'again every two seconds')
  .action(async (flags: ClusterFlags) => {
    process.exitCode = await (await import('./status-command.ts')).statusCommand(flags)
  })

runFlags(program.command('verify'))
  .description(
    'the acceptance checks: writes and reads through the address, what must be refused, who is healthy',
  )
  .action((flags: RunFlags) => start((run) => run.doctorCommand('playbooks/verify.ts', flags)))

clusterFlags(program.command('runs [show|forget] [id]'))
  .description(
    'what was done to the hosts: who, when, how long, what, and what did not finish; `show ID`, `forget ID`',
  )
  .action(async (show: string | undefined, id: string | undefined, flags: ClusterFlags) => {
    process.exitCode = await (await import('./runs-command.ts')).runsCommand(show, id, flags)
  })

clusterFlags(program.command('psql <database>'))
  .description(
    "psql through the cluster's address, as the owner of the database; SQL from -c or standard input",
  )
  .option('-c, --command <sql>', 'run this and end')
  .option('--read', 'a standby (port 5433)')
  .action(async (database: string, flags: PsqlFlags) => {
    process.exitCode = await (await import('./psql-command.ts')).psqlCommand(database, flags)
  })

clusterFlags(program.command('secrets <list|show|set|edit|rotate|delete> [name]'))
  .description(
    'what is kept encrypted beside the inventory; set asks for the value, or reads it from standard input; edit opens $EDITOR',
  )
  .action(async (what: string, name: string | undefined, flags: ClusterFlags) => {
    process.exitCode = await (await import('./secrets-command.ts')).secretsCommand(what, name, flags)
  })

firewallCommands(program)

program
  .command('inventory <list|graph|show> [host]')
  .description('the merged inventory, and where each value came from')
  .option('-i, --inventory <file>', 'inventory file', 'inventory/prod.yaml')
  .action(async (what: string, host: string | undefined, flags: { inventory: string }) => {
    const { inventoryCommand } = await import('./inventory-command.ts')
    inventoryCommand(what, host, flags.inventory)
  })

program
  .command('lab [args...]')
  .description(
    'real hosts on this machine: up, down, status, ssh, exec, kill, start, reboot, cut, join, freeze, thaw, wipe',
  )
  .allowUnknownOption()
  .passThroughOptions()
  .action(async (args: string[]) => {
    const { lab } = await import('../lab/lab.ts')
    process.exitCode = await lab(args)
  })

async function newcomer(playbook: 'add' | 'replace', host: string, flags: NewcomerFlags): Promise<void> {
  const { newcomerCommand } = await import('./newcomer-command.ts')
  process.exitCode = await newcomerCommand(playbook, host, flags)
}

/** A procedure of every day: the playbook of its name, with what was asked for as vars of the role of that name. */
async function day2(
  name: string,
  flags: RunFlags,
  asked: Readonly<Record<string, unknown>>,
  playbook = name,
): Promise<void> {
  const { setOf } = await import('./day2.ts')
  const set = [...(flags.set ?? []), ...setOf(name, asked, flags.inventory)]
  await start((run) => run.runCommand(`playbooks/${playbook}.ts`, { ...flags, set }))
}

async function start(act: (run: typeof import('./run-command.ts')) => Promise<number>): Promise<void> {
  process.exitCode = await act(await import('./run-command.ts'))
}
