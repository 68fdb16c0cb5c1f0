import { matchesGlob } from 'node:path'
import { InputError } from '../errors.ts'
import type { Host } from '../model/host.ts'
import { nearest } from '../model/nearest.ts'
import type { GroupInfo } from './groups.ts'
import { expandRange, hasRange } from './range.ts'

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
  if (words.length === 0)
    throw new InputError({
      what: 'a selection of hosts must name a group or host, found nothing',
      next: 'for every host, say all',
    })
  const isOut = (word: string) => word.startsWith('!')
  const takenIn = words.every(isOut) ? ['all'] : words.filter((word) => !isOut(word))
  const wanted = new Set(takenIn.flatMap((word) => members(word, hosts, groups)))
  // Whatever the order of the words, what is taken away stays away.
  for (const word of words.filter(isOut))
    for (const name of members(word.slice(1), hosts, groups)) wanted.delete(name)
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
  if (hasRange(word)) return (expandRange(word) ?? []).flatMap((name) => members(name, hosts, groups))
  const found = hosts.map((host) => host.name).filter((name) => name === word || matchesGlob(name, word))
  if (found.length > 0) return found
  const known = ['all', ...groups.keys(), ...hosts.map((host) => host.name)]
  throw new InputError({
    what: `there is no host or group ${word} in the inventory`,
    next: nearest(word, known),
  })
}
