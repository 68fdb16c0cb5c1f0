import type { Command } from 'commander'
import type { BackupFlags, RestoreFlags } from './flags.ts'
import { clusterFlags, runFlags } from './options.ts'

/** `backup`, `restore` and `drill`: what is kept elsewhere, and the proof that it can be had back. */
export function backupCommands(program: Command): void {
  clusterFlags(program.command('backup [list|verify]'))
    .description('make a backup now, on the host whose turn it is; what there is; read all of it')
    .option('--type <type>', 'full, diff or incr', 'incr')
    .action(async (what: string | undefined, flags: BackupFlags) => {
      process.exitCode = await (await import('./backup-command.ts')).backupCommand(what, flags)
    })

  runFlags(program.command('restore'))
    .description('from the repository, beside the cluster; with --cluster in its place')
    .option('--to <target>', 'latest, a time with its zone, an LSN, or the name of a restore point', 'latest')
    .option('--on <host>', 'where (default: the standby that makes backups; of a cluster: the first host)')
    .option('--drop', 'take what was restored beside away again')
    .option('--cluster', 'the whole cluster goes back: its name is asked for')
    .option('--confirm <name>', 'that name, where nobody can be asked')
    .action(async (flags: RestoreFlags) => {
      process.exitCode = await (await import('./restore-command.ts')).restoreCommand(flags)
    })

  const drill = program.command('drill').description('prove that what must work on the worst day does')
  clusterFlags(drill.command('restore'))
    .description('restore beside the cluster, compare with it, take it away; RPO and RTO as measured')
    .action(async (flags: BackupFlags) => {
      process.exitCode = await (await import('./backup-command.ts')).drillCommand(flags)
    })
}
