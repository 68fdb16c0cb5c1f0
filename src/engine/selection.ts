import { InputError, inputErrors } from '../errors.ts'
import { nearest } from '../model/nearest.ts'
import type { Playbook } from '../model/playbook.ts'
import type { Resource } from '../model/resource.ts'
import type { Role } from '../model/role.ts'

type Play = Playbook['plays'][number]

/** All words by which `--tags` may select a resource of a role in a play. */
export function tagsFor(play: Play, role: Role, resource?: Resource): readonly string[] {
  return [
    role.name,
    ...(play.name ? [play.name] : []),
    ...(play.phase ? [play.phase] : []),
    ...(play.tags ?? []),
    ...(resource?.tags ?? []),
  ]
}

/** Throws InputError for every tag that selects nothing in the playbook. `resources`: all that its roles ask for. */
export function mustKnowTags(
  tags: ReadonlySet<string> | undefined,
  { name, plays }: Playbook,
  resources: readonly Resource[],
): void {
  const known = new Set([
    ...plays.flatMap((play) => play.roles.flatMap((role) => tagsFor(play, role))),
    ...resources.flatMap((r) => r.tags),
  ])
  const strange = [...(tags ?? [])].filter((tag) => !known.has(tag))
  if (strange.length === 0) return
  throw inputErrors(
    strange.map((tag) => ({
      what: `--tags ${tag}: no role, play, phase or tag of the playbook ${name} is called so`,
      next: nearest(tag, [...known]),
    })),
  )
}

/** Throws InputError where no play selects a host; names the plays that select none. */
export function emptyPlays(
  plays: readonly { readonly play: Play; readonly count: number }[],
): readonly string[] {
  const empty = plays.filter(({ count }) => count === 0)
  const told = empty.map(({ play }) =>
    play.name ? `play "${play.name}" (on ${play.on})` : `play on ${play.on}`,
  )
  if (plays.length > 0 && empty.length === plays.length)
    throw new InputError({
      what: `no host is selected: ${told.join(', ')}`,
      next: 'name hosts of that group in the inventory: provision inventory graph shows what it has',
    })
  return told
}
