import { type Failure, inputErrors } from '../errors.ts'
import { idOf, type Resource, whereOf } from '../model/resource.ts'
import type { Wanted } from './plan.ts'

/**
 * What acts on a change (`restartOn`, `on`) acts when it is its turn: what it acts on must be asked for on the same host, and stand
 * before it. Throws InputError with every trigger that would never be pulled.
 */
export function checkTriggers(host: string, wanted: readonly Wanted[], root: string): void {
  const placeOf = new Map(wanted.map((w, i) => [idOf(w.resource), i]))
  const byId = new Map(wanted.map((w) => [idOf(w.resource), w.resource]))
  const told = new Set<string>()
  const failures = wanted.flatMap(({ resource }, place) =>
    resource.triggers.flatMap((trigger): Failure[] => {
      const id = idOf(trigger)
      const at = placeOf.get(id)
      if (at !== undefined && at < place) return []
      const circle = circleThrough(resource, id, byId)
      // Of a circle each member finds the same.
      const key = circle ? circle.toSorted().join(' ') : `${idOf(resource)} ${id}`
      if (told.has(key)) return []
      told.add(key)
      const failure =
        at === undefined ? missing(resource, trigger, root) : circle ? turning(circle, byId, root) : undefined
      const where = whereOf(resource, root)
      return [{ host, where, ...(failure ?? late(resource, byId.get(id) ?? trigger, root)) }]
    }),
  )
  if (failures.length > 0) throw inputErrors(failures)
}

function missing(resource: Resource, trigger: Resource, root: string): Failure {
  const [own, id] = [idOf(resource), idOf(trigger)]
  return {
    what: `${own} acts when ${id} changes, and no role asks for ${id} on this host: it is never made, and ${own} never acts`,
    why: `${id} was written at ${whereOf(trigger, root)}`,
    next: `return it from the role, before ${own}; where it is not wanted, leave it out of what ${own} acts on`,
  }
}

function late(resource: Resource, trigger: Resource, root: string): Failure {
  const [own, id] = [idOf(resource), idOf(trigger)]
  return {
    what: `${own} acts when ${id} changes, but stands before it: when ${id} changes, its turn is over`,
    why: `${id} is asked for after it, at ${whereOf(trigger, root)}`,
    next: `return ${id} before ${own}`,
  }
}

function turning(circle: readonly string[], byId: ReadonlyMap<string, Resource>, root: string): Failure {
  return circle.length === 1
    ? { what: `${circle[0]} acts on its own change`, next: 'take it out of what it acts on' }
    : {
        what: `these act on each other's changes in a circle: ${[...circle, circle[0]].join(' ← ')}`,
        why: circle
          .map((id) => `${id} is asked for at ${whereOf(byId.get(id) as Resource, root)}`)
          .join('\n'),
        next: 'take one of them out of what another one acts on',
      }
}

/** The way from what a resource acts on back to itself, the resource first; undefined where there is none. */
function circleThrough(
  resource: Resource,
  from: string,
  byId: ReadonlyMap<string, Resource>,
): readonly string[] | undefined {
  const end = idOf(resource)
  const seen = new Set<string>()
  const way = (id: string): readonly string[] | undefined => {
    if (id === end) return []
    if (seen.has(id)) return undefined
    seen.add(id)
    for (const next of byId.get(id)?.triggers ?? []) {
      const rest = way(idOf(next))
      if (rest) return [id, ...rest]
    }
    return undefined
  }
  const found = way(from)
  return found && [end, ...found]
}
