import { RefusedError } from '../errors.ts'
import type { HostPlan, Step } from '../model/event.ts'
import type { Change, Risk } from '../model/kind.ts'
import { idOf, type Resource, whereOf } from '../model/resource.ts'
import { digestOf } from '../secret/digest.ts'
import type { Journal } from './journal.ts'
import { markOf } from './journal.ts'
import type { States } from './observe.ts'
import { askKind } from './users-kind.ts'

/** A resource of one host with what the playbook says about it. */
export interface Wanted {
  readonly resource: Resource
  readonly role: string
  readonly play: string
  readonly playIndex: number
  /** False when `--limit` or `--tags` leave it alone. */
  readonly selected: boolean
}

/** A resource that must change, with all that applying it needs. */
export interface Due extends Wanted {
  readonly actual: unknown
  readonly step: Step
}

/** Compares all of them, in written order: a trigger that changes makes its dependants due. Pure. */
export function due(
  wanted: readonly Wanted[],
  states: States,
  owed: Journal['owed'],
  root: string,
): readonly Due[] {
  const changing = new Set<string>()
  const result: Due[] = []
  for (const w of wanted) {
    const { resource } = w
    const actual = states.get(resource)
    const triggeredBy = [
      ...(owed.get(markOf(resource)) ?? []),
      ...resource.triggers.map(idOf).filter((id) => changing.has(id)),
    ]
    const changes = changesOf(resource, actual, triggeredBy, root)
    if (changes.length === 0) continue
    // What --limit or --tags leave alone changes nothing, and so triggers nothing.
    if (w.selected && triggers(resource, changes)) changing.add(idOf(resource))
    result.push({ ...w, actual, step: stepOf(w, changes, triggeredBy, root) })
  }
  return result
}

/** What a kind refuses to plan is said with the line that asked for it. */
function changesOf(
  resource: Resource,
  actual: unknown,
  triggeredBy: readonly string[],
  root: string,
): readonly Change[] {
  try {
    const { kind, desired } = resource
    return askKind('plan', kind, [resource], root, () => kind.plan(desired, actual, { triggeredBy }))
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    throw new RefusedError({ where: whereOf(resource, root), ...error.failure })
  }
}

/** Does this change make those act that depend on it? */
export function triggers({ kind, desired }: Resource, changes: readonly Change[]): boolean {
  return kind.triggers?.(changes, desired) ?? true
}

export function hostPlan(
  host: string,
  wanted: readonly Wanted[],
  dues: readonly Due[],
  journal: Journal,
): HostPlan {
  const ids = new Set(wanted.map((w) => idOf(w.resource)))
  return {
    host,
    steps: dues.map((d) => d.step),
    resources: wanted.length,
    orphans: journal.managed.filter((id) => !ids.has(id)),
  }
}

function stepOf(w: Wanted, changes: readonly Change[], triggeredBy: readonly string[], root: string): Step {
  const { resource } = w
  const risks = new Set<Risk>([...resource.risk, ...(resource.kind.risks?.(resource.desired, changes) ?? [])])
  return {
    id: idOf(resource),
    role: w.role,
    play: w.play,
    where: whereOf(resource, root),
    changes,
    risks: [...risks],
    triggeredBy,
    verifies: resource.kind.verifies === true,
    wish: digestOf(resource.desired).slice(0, 12),
    selected: w.selected,
  }
}
