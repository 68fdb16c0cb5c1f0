import { loadInventory } from '../inventory/index.ts'
import { mustType } from './confirm.ts'
import { setOf } from './day2.ts'
import type { RestoreFlags } from './flags.ts'
import type { Target } from './restore-target.ts'
import { scopeOf } from './rollback-command.ts'
import { runCommand } from './run-command.ts'
import { stamp } from './stamp.ts'

/** `provision restore --cluster`: all that was written after the target is set aside on the hosts, and no more there. */
export async function restoreCluster(target: Target, flags: RestoreFlags): Promise<number> {
  const { on } = flags
  if (on !== undefined) loadInventory(flags.inventory).select(on)
  if (!flags.check) {
    const scope = await scopeOf(flags.inventory)
    await mustType(scope, flags.confirm, {
      danger: 'restore --cluster stops the cluster and takes it back in time',
      question: `${scope} will be stopped, and go back to ${target.value || 'the newest WAL'}.`,
      called: 'the name of the cluster',
    })
  }
  const set = [
    ...(flags.set ?? []),
    ...setOf('restore', { at: stamp(), type: target.type, value: target.value, on }, flags.inventory),
  ]
  return runCommand('playbooks/restore-cluster.ts', { ...flags, set })
}
