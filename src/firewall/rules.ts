import { isIP } from 'node:net'
import { InputError } from '../errors.ts'
import { inNetwork, type Network, parseNetwork } from './address.ts'
import type { Control } from './matrix.ts'

/** One line of the port matrix: who may reach what on this host, and why. */
export interface Flow {
  /** Addresses or CIDR networks of both families; `any` is everyone. */
  readonly from: readonly string[]
  readonly protocol: 'tcp' | 'udp' | 'vrrp' | 'ping'
  /** Ports or ranges `a:b`; none for vrrp and ping. */
  readonly ports?: readonly (number | string)[]
  readonly reason: string
  /** The role that declared it; `inventory` for a line that an operator wrote. */
  readonly by?: string
  /** The names it was written with before they became addresses: `peers`, a host, a network. */
  readonly groups?: readonly string[]
  /** Whom to ask about it. */
  readonly owner?: string
  /** Its last day, `2027-01-31`. */
  readonly until?: string
  readonly control?: Control
  /** New connections a minute that one address may open; what is above is dropped. */
  readonly limit?: { readonly perMinute: number; readonly burst: number }
}

export type Family = 4 | 6

/** A rule of one family. A rule without a condition matches everything. */
export interface Rule {
  readonly chain: string
  /** iptables' own words, in the order in which they stand on the line. */
  readonly match: readonly string[]
  readonly target: 'ACCEPT' | 'DROP' | 'RETURN' | 'LOG'
  /** What the line means, where it may decide the fate of a new connection; LOG and established lines have none. */
  readonly admits?: {
    readonly protocol: string
    readonly from?: string
    readonly ports?: readonly (number | string)[]
  }
}

/** Which family an address or CIDR belongs to. Throws InputError when it is neither. */
export function familyOf(address: string): Family {
  const [ip = '', prefix] = address.split('/')
  const family = isIP(ip)
  const most = family === 4 ? 32 : 128
  if (family === 0 || (prefix !== undefined && !(Number(prefix) >= 0 && Number(prefix) <= most)))
    throw new InputError({
      what: `${JSON.stringify(address)} is no address and no network such as 10.0.0.0/24`,
      next: 'the firewall needs addresses: a name would be resolved only once, and by someone else',
    })
  return family === 4 ? 4 : 6
}

/** Addresses and networks that no other of the list holds already: a rule for them would never be reached. */
export function withoutCovered(networks: readonly string[]): readonly string[] {
  if (networks.includes('any')) return ['any']
  return [...new Set(networks)].filter(
    (inner) => !networks.some((outer) => outer !== inner && covers(outer, inner)),
  )
}

/** Does the network hold all of the other one, or the address? */
export function covers(outer: string, inner: string): boolean {
  const [a, b] = [networkOf(outer), networkOf(inner)]
  return familyOf(outer) === familyOf(inner) && (a.mask & b.mask) === a.mask && inNetwork(b.base, a)
}

/** Do two networks of the same family share an address? Throws InputError when one is no network. */
export function overlaps(a: string, b: string): boolean {
  return covers(a, b) || covers(b, a)
}

function networkOf(text: string): Network {
  const network = parseNetwork(text, familyOf(text))
  if (!network) throw new InputError({ what: `${JSON.stringify(text)} is no network` })
  return network
}

/** Is the port in `5432` or `5432:5440`? */
export function within(range: number | string, port: number): boolean {
  const [from = 0, to = from] = String(range).split(':').map(Number)
  return port >= from && port <= to
}
