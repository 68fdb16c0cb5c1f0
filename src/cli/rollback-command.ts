import { createInterface } from 'node:readline/promises'
import { InputError, RefusedError } from '../errors.ts'
import { loadInventory } from '../inventory/index.ts'
import type { RunFlags } from './flags.ts'
import { runCommand } from './run-command.ts'

export interface RollbackFlags extends RunFlags {
  readonly destroyData?: boolean
  /** The cluster's name, typed beforehand, where there is no terminal to ask on. */
  readonly confirm?: string
}

/** `provision rollback PHASE`: takes this phase of the stack and all after it back. Data only with its name typed. */
export async function rollbackCommand(phase: string, flags: RollbackFlags): Promise<number> {
  if (flags.destroyData) await mustConfirm(flags)
  const set = [...(flags.set ?? []), ...(flags.destroyData ? ['rollback.destroyData=true'] : [])]
  return runCommand('playbooks/rollback.ts', { ...flags, until: phase, set })
}

async function mustConfirm(flags: RollbackFlags): Promise<void> {
  const [host] = loadInventory(flags.inventory).hosts
  const { scope = 'postgres-cluster' } = (host?.vars.cluster ?? {}) as { readonly scope?: string }
  const typed = flags.confirm ?? (await ask(scope))
  if (typed !== scope)
    throw new RefusedError({ what: `the name of the cluster is ${scope}, not ${typed}: nothing was changed` })
}

async function ask(scope: string): Promise<string> {
  if (!process.stdin.isTTY)
    throw new InputError({
      what: '--destroy-data deletes databases for good, and there is nobody to ask',
      next: `confirm it: --confirm ${scope}`,
    })
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const typed = await terminal.question(`All data of ${scope} will be gone. Type its name: `)
  terminal.close()
  return typed.trim()
}
