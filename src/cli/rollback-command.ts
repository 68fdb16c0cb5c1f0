import { join } from 'node:path'
import { InputError } from '../errors.ts'
import { loadInventory } from '../inventory/index.ts'
import { mustType } from './confirm.ts'
import type { RunFlags } from './flags.ts'
import { loadPlaybook } from './load-playbook.ts'
import { runCommand } from './run-command.ts'

const playbookFile = 'playbooks/rollback.ts'

export interface RollbackFlags extends RunFlags {
  readonly destroyData?: boolean
  /** The cluster's name, typed beforehand, where there is no terminal to ask on. */
  readonly confirm?: string
}

/** `provision rollback PHASE`: takes this phase of the stack and all after it back. Data only with its name typed. */
export async function rollbackCommand(phase: string, flags: RollbackFlags): Promise<number> {
  if (flags.destroyData) {
    const scope = await scopeOf(flags.inventory)
    await mustType(scope, flags.confirm, {
      danger: '--destroy-data deletes databases for good',
      question: `All data of ${scope} will be gone.`,
      called: 'the name of the cluster',
    })
  }
  const set = [...(flags.set ?? []), ...(flags.destroyData ? ['rollback.destroyData=true'] : [])]
  return runCommand(playbookFile, { ...flags, until: phase, set })
}

/** The cluster's name as the playbook itself reads it: the inventory may leave it to its default. */
export async function scopeOf(file: string): Promise<string> {
  const { plays } = await loadPlaybook(playbookFile, join(import.meta.dirname, '..', '..'))
  const shared = plays.flatMap((play) => play.roles).find((role) => role.shared.cluster)?.shared.cluster
  const inventory = loadInventory(file)
  const [host] = inventory.hosts
  if (!shared || !host) throw new InputError({ what: 'the inventory has no hosts with a cluster' })
  return (inventory.varsFor(host, shared) as { readonly scope: string }).scope
}
