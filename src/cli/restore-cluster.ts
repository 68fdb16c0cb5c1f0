import { InputError, RefusedError } from '../errors.ts'
import { loadInventory } from '../inventory/index.ts'
import { ask } from './ask.ts'
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
  if (!flags.check) await mustConfirm(target, flags)
  const set = [
    ...(flags.set ?? []),
    ...setOf('restore', { at: stamp(), type: target.type, value: target.value, on }, flags.inventory),
  ]
  return runCommand('playbooks/restore-cluster.ts', { ...flags, set })
}

async function mustConfirm({ type, value }: Target, flags: RestoreFlags): Promise<void> {
  const scope = await scopeOf(flags.inventory)
  const typed = flags.confirm ?? (await typedName(scope, type === 'latest' ? 'the newest WAL' : value))
  if (typed !== scope)
    throw new RefusedError({ what: `the name of the cluster is ${scope}, not ${typed}: nothing was changed` })
}

async function typedName(scope: string, target: string): Promise<string> {
  if (!process.stdin.isTTY)
    throw new InputError({
      what: 'restore --cluster stops the cluster and takes it back in time, and there is nobody to ask',
      next: `confirm it: --confirm ${scope}`,
    })
  return ask(`${scope} will be stopped, and go back to ${target}. Type its name: `)
}
