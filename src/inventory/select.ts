import { matchesGlob } from 'node:path'
import { InputError } from '../errors.ts'
import type { Host } from '../model/host.ts'
import type { GroupInfo } from './groups.ts'
import { nearest } from './validate.ts'

/** `all`, a group, a host or a glob; `a,b` unites, `!x` takes away; in the order of the inventory. */
export function selectHosts(
  pattern: string,
  hosts: readonly Host[],
  groups: ReadonlyMap<string, GroupInfo>,
): readonly Host[] {
  const words = pattern
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean)
  const wanted = new Set<string>()
  if (words.every((word) => word.startsWith('!'))) for (const host of hosts) wanted.add(host.name)
  for (const word of words) {
    const isOut = word.startsWith('!')
    for (const name of members(isOut ? word.slice(1) : word, hosts, groups)) {
      if (isOut) wanted.delete(name)
      else wanted.add(name)
    }
  }
  return hosts.filter((host) => wanted.has(host.name))
}

function members(
  word: string,
  hosts: readonly Host[],
  groups: ReadonlyMap<string, GroupInfo>,
): readonly string[] {
  if (word === 'all') return hosts.map((host) => host.name)
  const group = groups.get(word)
  if (group) return [...group.hosts]
  const found = hosts.map((host) => host.name).filter((name) => name === word || matchesGlob(name, word))
  if (found.length > 0) return found
  const known = ['all', ...groups.keys(), ...hosts.map((host) => host.name)]
  throw new InputError({
    what: `there is no host or group ${word} in the inventory`,
    next: nearest(word, known),
  })
}
