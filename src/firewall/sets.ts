import type { Family } from './rules.ts'

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

/**
 * Reads the output of `ipset save`. Throws InputError with the line for what is malformed or cut off; a type that we do
 * not know is kept, and matching on it is unknown.
 */
export function parseSets(text: string): ReadonlyMap<string, IpSet> {
  throw new Error(`not yet: ${text.length}`)
}
