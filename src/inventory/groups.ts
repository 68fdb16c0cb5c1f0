import type { Failure } from '../errors.ts'
import type { SourceDocument } from './document.ts'
import { expandRange } from './range.ts'
import type { InventoryFile } from './schema.ts'
import { nearest } from './validate.ts'

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

/** Reads the groups; unknown hosts, unknown children and circles are added to `failures`. */
export function readGroups(
  data: InventoryFile,
  hosts: readonly string[],
  document: SourceDocument,
  failures: Failure[],
): Groups {
  const entries = data.groups ?? {}
  const names = Object.keys(entries)
  const known = new Set(hosts)
  const own = new Map<string, readonly string[]>()
  for (const name of names) {
    own.set(
      name,
      (entries[name]?.hosts ?? []).flatMap((pattern, i) => {
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
    entries[name]?.children?.forEach((child, i) => {
      if (!(child in entries))
        failures.push({
          where: document.where(['groups', name, 'children', i]),
          what: `groups.${name}.children: there is no group ${child}`,
          next: nearest(child, names),
        })
    })
  }
  const childrenOf = (name: string) => (entries[name]?.children ?? []).filter((child) => child in entries)
  for (const name of names)
    if (below(name, childrenOf).has(name))
      failures.push({
        where: document.where(['groups', name], true),
        what: `groups.${name} is its own descendant`,
      })

  const all = new Map(
    names.map((name) => {
      const family = [name, ...below(name, childrenOf)]
      return [
        name,
        { name, children: childrenOf(name), hosts: new Set(family.flatMap((g) => own.get(g) ?? [])) },
      ]
    }),
  )
  const depth = (name: string) => names.filter((other) => below(other, childrenOf).has(name)).length
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
