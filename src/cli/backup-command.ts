import { InputError } from '../errors.ts'
import { formatBackups, formatDrill, type RepositoryInfo } from '../report/backups.ts'
import { sh } from '../shell/sh.ts'
import { follow, read, script, withBackupHost } from './backup-host.ts'
import type { BackupFlags } from './flags.ts'

const types = ['full', 'diff', 'incr']

/** `provision backup [list|verify] [--type]`. */
export async function backupCommand(what: string | undefined, flags: BackupFlags): Promise<number> {
  if (what === 'list')
    return withBackupHost(flags, undefined, async (link) => list(await read(link, sh`${script} list`), flags))
  if (what === 'verify')
    return withBackupHost(flags, undefined, async (link) => {
      await follow(link, 'the check of the repository', sh`${script} verify`)
      return 0
    })
  if (what !== undefined) throw new InputError({ what: `backup takes list or verify, not ${what}` })
  const { type = 'incr' } = flags
  if (!types.includes(type))
    throw new InputError({ what: `--type is one of ${types.join(', ')}, not ${type}` })
  return withBackupHost(flags, undefined, async (link) => {
    // By the unit that the timer starts: a connection that is cut does not end it, and two never run at once.
    const unit = `provision-backup@${type}.service`
    await follow(
      link,
      'the backup',
      sh`since=$(date +%s); systemctl start ${unit}; code=$?; journalctl -q -o cat -u ${unit} --since "@$since" | if [ $code = 0 ]; then cat; else cat >&2; fi; exit $code`,
    )
    return list(await read(link, sh`${script} list`), flags)
  })
}

/** `provision drill restore`: what the timer does, now. */
export async function drillCommand(flags: BackupFlags): Promise<number> {
  return withBackupHost(flags, undefined, async (link) => {
    await follow(link, 'the drill', sh`${script} drill --here`)
    const said = await read(link, sh`cat /var/lib/provision/drill.json`)
    console.log(flags.output === 'json' ? said.trim() : formatDrill(JSON.parse(said)))
    return 0
  })
}

function list(json: string, { output }: BackupFlags): number {
  const info = JSON.parse(json) as readonly RepositoryInfo[]
  console.log(output === 'json' ? json.trim() : formatBackups(info))
  return info.some((i) => i.status.code === 0) ? 0 : 1
}
