import { readFileSync, writeFileSync } from 'node:fs'
import { type SavedHost, savedHosts } from '../engine/saved-plan.ts'
import { InputError } from '../errors.ts'
import type { HostPlan } from '../model/event.ts'
import { keyId } from '../secret/digest.ts'
import type { RunFlags } from './flags.ts'

/** A plan on disk: how it was asked for, and what it relied on. `apply` does exactly that or refuses. */
export interface PlanFile {
  readonly version: 1
  readonly madeAt: string
  readonly playbook: string
  readonly flags: Pick<RunFlags, 'inventory' | 'limit' | 'tags' | 'set' | 'prune'>
  /** Names the key of its digests of secrets: `keyId`. */
  readonly key: string
  readonly hosts: readonly SavedHost[]
}

/** Readable by its owner only: it tells much about the hosts. */
export function writePlan(file: string, playbook: string, flags: RunFlags, plans: readonly HostPlan[]): void {
  const { inventory, limit, tags, set, prune } = flags
  const plan: PlanFile = {
    version: 1,
    madeAt: new Date().toISOString(),
    playbook,
    flags: {
      inventory,
      ...(limit === undefined ? {} : { limit }),
      ...(tags === undefined ? {} : { tags }),
      ...(set === undefined ? {} : { set }),
      ...(prune === undefined ? {} : { prune }),
    },
    key: keyId(),
    hosts: savedHosts(plans),
  }
  try {
    writeFileSync(file, `${JSON.stringify(plan, undefined, 2)}\n`, { mode: 0o600 })
  } catch (cause) {
    throw new InputError({
      what: `the plan cannot be written to ${file}`,
      why: cause instanceof Error ? cause.message : String(cause),
      next: 'name another file: --out FILE',
      cause,
    })
  }
}

/** Throws InputError when the file is no plan of this version. */
export function readPlan(file: string): PlanFile {
  let plan: PlanFile
  try {
    plan = JSON.parse(readFileSync(file, 'utf8')) as PlanFile
  } catch (cause) {
    throw new InputError({
      what: `${file} is no saved plan`,
      why: String(cause),
      next: 'make one: provision plan --out FILE',
      cause,
    })
  }
  if (plan.version !== 1 || !Array.isArray(plan.hosts))
    throw new InputError({
      what: `${file} is a plan of another version`,
      next: 'make a new one: provision plan --out FILE',
    })
  return plan
}
