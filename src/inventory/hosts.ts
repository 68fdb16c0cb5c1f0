import type { Failure } from '../errors.ts'
import type { SourceDocument } from './document.ts'
import { expandRange, hasRange } from './range.ts'
import type { InventoryFile } from './schema.ts'

/** A host before merging. */
export interface NamedHost {
  readonly address: string
  /** The keys of `hosts` that speak of it, weakest first: a range, then the plain name. */
  readonly keys: readonly string[]
}

/** Names that `--limit` can tell from `,`, `!` and globs. */
export const goodName = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/

/** Expands the hosts, in the order of the file; ranges that are none, overlap or fit no address become `failures`. */
export function readHosts(
  data: InventoryFile,
  document: SourceDocument,
  failures: Failure[],
): ReadonlyMap<string, NamedHost> {
  const hosts = new Map<string, { address: string | undefined; keys: string[] }>()
  for (const [key, entry] of Object.entries(data.hosts ?? {})) {
    const where = document.where(['hosts', key], true)
    const names = expandRange(key)
    if (!names) {
      failures.push({ where, what: `hosts.${key} must be a name or a range such as db[1:3], found ${key}` })
      continue
    }
    const strange = names.find((name) => !goodName.test(name) || name === 'all')
    if (strange !== undefined) {
      failures.push({ where, what: `hosts.${key} must be a name of letters, digits, _ . and -, and not all` })
      continue
    }
    const addresses = addressesOf(key, names, entry?.address, document, failures)
    for (const [i, name] of names.entries()) {
      const known = hosts.get(name)
      const address = addresses?.[i]
      const isPlain = key === name
      if (!known) hosts.set(name, { address, keys: [key] })
      else if (isPlain) {
        known.keys.push(key)
        known.address = address ?? known.address
      } else if (known.keys[0] === name) {
        // The plain key stood first in the file; it wins all the same.
        known.keys.unshift(key)
        known.address ??= address
      } else
        failures.push({
          where,
          what: `hosts.${key}: the host ${name} is already in hosts.${known.keys[0]}`,
          next: `ranges must not overlap; to refine one host, write a plain key ${name}`,
        })
    }
  }
  return new Map([...hosts].map(([name, { address, keys }]) => [name, { address: address ?? name, keys }]))
}

/** A range in the address moves with the range in the name. */
function addressesOf(
  key: string,
  names: readonly string[],
  address: string | undefined,
  document: SourceDocument,
  failures: Failure[],
): readonly string[] | undefined {
  if (address === undefined) return undefined
  const where = document.where(['hosts', key, 'address'])
  const addresses = hasRange(address) ? expandRange(address) : names.map(() => address)
  if (addresses?.length !== names.length) {
    const found = addresses ? `${addresses.length} addresses` : 'no range'
    failures.push({
      where,
      what: `hosts.${key}.address must be a range of ${names.length}, as the name is, found ${found} in ${address}`,
    })
  } else if (names.length > 1 && !hasRange(address))
    failures.push({
      where,
      what: `hosts.${key}.address must be a range of ${names.length}, as the name is, found ${address}`,
      next: 'several hosts cannot have one address: write a range such as 192.0.2.1[1:3]',
    })
  return addresses
}
