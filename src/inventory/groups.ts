import type { Failure } from '../errors.ts'
import { nearest } from '../model/nearest.ts'
import type { SourceDocument } from './document.ts'
import { goodName } from './hosts.ts'
import { expandRange } from './range.ts'
import type { InventoryFile } from './schema.ts'

export interface GroupInfo {
  readonly name: string
  readonly children: readonly string[]
  /** Its own hosts and those of its children. */
  readonly hosts: ReadonlySet<string>
}

export interface Groups {
  readonly all: ReadonlyMap<string, GroupInfo>
  /** The groups of a host, weakest first: parents before children; of one depth, in the order of the file. */
  chainOf(host: string): readonly string[]
}

/** Reads the groups; names that are taken, unknown hosts and children, and circles are added to `failures`. */
export function readGroups(
  data: InventoryFile,
  hosts: readonly string[],
  document: SourceDocument,
  failures: Failure[],
): Groups {
  const entries = new Map(Object.entries(data.groups ?? {}))
  const names = [...entries.keys()]
  const known = new Set(hosts)
  const own = new Map<string, readonly string[]>()
  for (const [name, entry] of entries) {
    const where = document.where(['groups', name], true)
    if (known.has(name)) failures.push({ where, what: `groups.${name}: a host has this name already` })
    if (name === 'all')
      failures.push({ where, what: 'groups.all: all is every host already; write its vars at the top' })
    else if (!goodName.test(name))
      failures.push({ where, what: `groups.${name} must be a name of letters, digits, _ . and -` })
    own.set(
      name,
      (entry?.hosts ?? []).flatMap((pattern, i) => {
        const members = expandRange(pattern) ?? [pattern]
        const stranger = members.find((member) => !known.has(member))
        if (stranger !== undefined)
          failures.push({
            where: document.where(['groups', name, 'hosts', i]),
            what: `groups.${name}.hosts: there is no host ${stranger}`,
            next: nearest(stranger, hosts),
          })
        return members
      }),
    )
    for (const [i, child] of (entry?.children ?? []).entries())
      if (!entries.has(child))
        failures.push({
          where: document.where(['groups', name, 'children', i]),
          what: `groups.${name}.children: there is no group ${child}`,
          next: nearest(child, names),
        })
  }
  const childrenOf = (name: string) => (entries.get(name)?.children ?? []).filter((c) => entries.has(c))
  const told = new Set<string>()
  for (const name of names) {
    const circle = told.has(name) ? undefined : circleOf(name, childrenOf)
    if (!circle) continue
    for (const member of circle) told.add(member)
    failures.push({
      where: document.where(['groups', name], true),
      what: `groups.${name} must not be inside itself, found ${circle.join(' > ')}`,
    })
  }

  const all = new Map(
    names.map((name) => {
      const family = [name, ...below(name, childrenOf)]
      return [
        name,
        { name, children: childrenOf(name), hosts: new Set(family.flatMap((g) => own.get(g) ?? [])) },
      ]
    }),
  )
  /** The longest way down from a group without a parent. Only asked for when there are no circles. */
  const depth = (name: string): number =>
    Math.max(-1, ...names.filter((other) => childrenOf(other).includes(name)).map(depth)) + 1
  return {
    all,
    chainOf: (host) =>
      names.filter((name) => all.get(name)?.hosts.has(host)).sort((a, b) => depth(a) - depth(b)),
  }
}

/** All descendants of a group; ends on circles too. */
function below(name: string, childrenOf: (name: string) => readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>()
  const ahead = [...childrenOf(name)]
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    if (seen.has(next)) continue
    seen.add(next)
    ahead.push(...childrenOf(next))
  }
  return seen
}

/** The shortest way from a group back to itself. */
function circleOf(
  name: string,
  childrenOf: (name: string) => readonly string[],
): readonly string[] | undefined {
  const seen = new Set<string>()
  let ways: readonly (readonly string[])[] = [[name]]
  while (ways.length > 0) {
    const longer = ways.flatMap((way) => childrenOf(way.at(-1) ?? name).map((child) => [...way, child]))
    const closed = longer.find((way) => way.at(-1) === name)
    if (closed) return closed
    ways = longer.filter((way) => {
      const end = way.at(-1) ?? name
      return !seen.has(end) && seen.add(end)
    })
  }
  return undefined
}
