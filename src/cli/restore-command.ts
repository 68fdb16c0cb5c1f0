import { sh } from '../shell/sh.ts'
import { follow, script, withBackupHost } from './backup-host.ts'
import type { RestoreFlags } from './flags.ts'
import { targetOf } from './restore-target.ts'

/** `provision restore`: beside the cluster, or in its place. */
export async function restoreCommand(flags: RestoreFlags): Promise<number> {
  if (flags.drop)
    return withBackupHost(flags, flags.on, async (link) => {
      await follow(link, 'taking it away', sh`${script} scratch-drop`)
      return 0
    })
  const target = targetOf(flags.to)
  if (flags.cluster) return (await import('./restore-cluster.ts')).restoreCluster(target, flags)
  return withBackupHost(flags, flags.on, async (link) => {
    const { name } = link.host
    const started = Date.now()
    await follow(link, 'the restore', sh`${script} scratch ${target.type} ${target.value}`)
    const seconds = ((Date.now() - started) / 1000).toFixed(0)
    console.log(`Restored on ${name} in ${seconds} s, beside the cluster; it listens on no network.
Look into it there:   ${script} scratch-psql DATABASE
Copy a table out:     ${script} scratch-dump -t SCHEMA.TABLE DATABASE >FILE   (back: provision psql DATABASE <FILE, as the owner)
Take it away:         provision restore --drop --on ${name}`)
    return 0
  })
}
