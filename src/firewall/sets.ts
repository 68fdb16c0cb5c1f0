import { InputError } from '../errors.ts'
import { quote } from './parse-rule.ts'
import type { Family } from './rules.ts'
import { splitWords } from './words.ts'

/** A set as `ipset save` prints it. */
export interface IpSet {
  readonly name: string
  /** `hash:ip,port`, `bitmap:port`, `list:set` ... */
  readonly type: string
  /** Undefined for a set that has none: bitmap:port, list:set. */
  readonly family?: Family
  /** All options after the type, as words. */
  readonly options: readonly string[]
  readonly entries: readonly SetEntry[]
}

export interface SetEntry {
  /** One text for each dimension: `['10.0.0.1', 'tcp:80']`; a member's name in a list:set. */
  readonly parts: readonly string[]
  /** Words after the entry: `timeout 30`, `nomatch`, `comment ...`. */
  readonly options: readonly string[]
}

/** A line of `ipset save` has a name, an entry, and at most a comment of 255 characters (ip_set.h). */
const longestLine = 2048

/**
 * Reads the output of `ipset save`. Throws InputError with the line for what is malformed or cut off; a type that we do
 * not know is kept, and matching on it is unknown.
 */
export function parseSets(text: string): ReadonlyMap<string, IpSet> {
  const sets = new Map<string, IpSet & { readonly entries: SetEntry[] }>()
  text.split('\n').forEach((line, index) => {
    const fail = (what: string): never => {
      throw new InputError({
        what: `the ipsets cannot be read: line ${index + 1} ${what}`,
        why: quote(line),
      })
    }
    if (line === '' || line.startsWith('#')) return
    if (line.includes('\0')) fail('has a NUL byte')
    if (line.length > longestLine) fail(`has ${line.length} characters; ${longestLine} are the most`)
    const words = splitWords(line)?.map((word) => word.text)
    const [command, name = '', what, ...options] = words ?? fail('has an open quote at its end')
    if (what === undefined) fail('is cut off')
    else if (command === 'create') {
      if (sets.has(name)) fail('creates a set for the second time')
      sets.set(name, { name, type: what, ...familyOf(what, options), options, entries: [] })
    } else if (command === 'add') {
      const set = sets.get(name) ?? fail('adds to a set that was not created')
      set.entries.push({ parts: what.split(','), options })
    } else fail('is nothing that ipset save prints')
  })
  return sets
}

function familyOf(type: string, options: readonly string[]): { family?: Family } {
  if (type === 'bitmap:ip' || type === 'bitmap:ip,mac') return { family: 4 }
  const family = options[options.indexOf('family') + 1]
  if (!options.includes('family')) return {}
  return { family: family === 'inet6' ? 6 : 4 }
}
