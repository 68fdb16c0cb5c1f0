import { RefusedError } from '../errors.ts'
import type { HostPlan, Step } from '../model/event.ts'
import { digestOf, keyId } from '../secret/digest.ts'

/** What a saved plan says of one host: what was seen, as digests by step; nothing of it is secret. */
export interface SavedHost {
  readonly host: string
  /** Digest of all steps together. */
  readonly digest: string
  readonly steps: Readonly<Record<string, string>>
}

/** The part of a plan that must not have moved when it is applied. */
export function savedHosts(plans: readonly HostPlan[]): readonly SavedHost[] {
  return plans.map((plan) => {
    const steps = Object.fromEntries(plan.steps.map((step) => [step.id, digestOfStep(step)]))
    return { host: plan.host, digest: digest(steps), steps }
  })
}

/** Every step that is new, gone, or different from what was saved: a line each. */
export function movedSince(saved: readonly SavedHost[], plans: readonly HostPlan[]): readonly string[] {
  const now = savedHosts(plans)
  const moved = saved.flatMap((before) => {
    const after = now.find((h) => h.host === before.host)
    if (after?.digest === before.digest) return []
    const ids = [...new Set([...Object.keys(before.steps), ...Object.keys(after?.steps ?? {})])]
    return ids
      .filter((id) => before.steps[id] !== after?.steps[id])
      .map((id) => `${before.host}  ${id}  ${word(before.steps[id], after?.steps[id])}`)
  })
  const strangers = now
    .filter((h) => !saved.some((s) => s.host === h.host))
    .map((h) => `${h.host}  is not in the plan`)
  return [...moved, ...strangers]
}

/**
 * Throws RefusedError naming every step that is new, gone, or different from what was saved. `key` is the name of the key that
 * digests of secrets were made with (`keyId`).
 */
export function mustMatch(saved: readonly SavedHost[], plans: readonly HostPlan[], key = keyId()): void {
  const all = movedSince(saved, plans)
  if (all.length === 0) return
  if (key !== keyId())
    throw new RefusedError({
      what: 'the plan was made with another key for digests of secrets, so what differs cannot be told: nothing was changed',
      why: `key ${key} then, ${keyId()} now: it is kept with the secrets of the inventory, or for each operator in ~/.local/state/provision/digest.key\n${all.slice(0, 20).join('\n')}`,
      next: 'whoever made the plan applies it; or make a new one, look at it, and apply that',
    })
  throw new RefusedError({
    what: 'the hosts are no longer what the plan was made for: nothing was changed',
    why: all.slice(0, 20).join('\n'),
    next: 'make a new plan, look at it, and apply that',
  })
}

function word(before: string | undefined, after: string | undefined): string {
  if (before === undefined) return 'differs now, and did not when the plan was made'
  return after === undefined ? 'is already as it should be' : 'was seen in another state'
}

function digestOfStep({ changes, triggeredBy, wish, selected }: Step): string {
  return digest({
    wish,
    selected,
    triggeredBy,
    changes: changes.map(({ attribute, from, to }) => ({ attribute, from, to })),
  })
}

function digest(value: unknown): string {
  return digestOf(value).slice(0, 16)
}
