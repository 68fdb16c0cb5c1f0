import { type Address, inNetwork, type Network, parseAddress, parseNetwork, prefixLength } from './address.ts'
import type { LoadedHost } from './packet.ts'
import type { Family } from './rules.ts'

interface Place {
  readonly interface: string
  readonly address: Address
  readonly network: Network
}

interface Way {
  readonly interface: string
  readonly network: Network
}

/** The addresses and routes of a host as numbers. */
interface Places {
  readonly own: readonly Place[]
  /** Longest prefix first. */
  readonly ways: readonly Way[]
  /** Were routes given at all, or only networks of interfaces? */
  readonly isComplete: boolean
}

const known = new WeakMap<LoadedHost, Readonly<Record<Family, Places>>>()

/** Computed once for a host. */
export function placesOf(host: LoadedHost, family: Family): Places {
  const found = known.get(host) ?? { 4: compute(host, 4), 6: compute(host, 6) }
  known.set(host, found)
  return found[family]
}

function compute(host: LoadedHost, family: Family): Places {
  const own = host.interfaces.flatMap(({ name, addresses }) =>
    addresses.flatMap((text): Place[] => {
      const address = parseAddress(text.split('/')[0] ?? '', family)
      const network = parseNetwork(text, family)
      return address === undefined || !network ? [] : [{ interface: name, address, network }]
    }),
  )
  const routes = (host.routes ?? []).flatMap((route): Way[] => {
    const network = parseNetwork(route.network, family)
    return network ? [{ interface: route.interface, network }] : []
  })
  const length = ({ network }: Way) => prefixLength(network.mask, family) ?? 0
  const ways = [...own, ...routes].toSorted((a, b) => length(b) - length(a))
  return { own, ways, isComplete: host.routes !== undefined }
}

const loopback = { 4: { base: 0x7f000000n, mask: 0xff000000n }, 6: { base: 1n, mask: (1n << 128n) - 1n } }
const multicast = {
  4: { base: 0xe0000000n, mask: 0xf0000000n },
  6: { base: 0xffn << 120n, mask: 0xffn << 120n },
}

export const isMulticast = (address: Address, family: Family): boolean =>
  inNetwork(address, multicast[family])

export function isLocal(host: LoadedHost, family: Family, address: Address, name?: string): boolean {
  if (inNetwork(address, loopback[family])) return name === undefined || name === 'lo'
  return placesOf(host, family).own.some(
    (place) => place.address === address && (name === undefined || place.interface === name),
  )
}

/** The last address of a network of ours, or all ones. IPv6 has none. */
export function isBroadcast(host: LoadedHost, family: Family, address: Address): boolean {
  if (family === 6) return false
  if (address === 0xffffffffn) return true
  return placesOf(host, 4).own.some(
    ({ network }) => network.mask < 0xfffffffen && address === (network.base | (network.mask ^ 0xffffffffn)),
  )
}

/** The first address of a network of ours: broadcast, anycast or nobody's, as kernel and settings have it. */
export function isLowest(host: LoadedHost, family: Family, address: Address): boolean {
  return placesOf(host, family).own.some(
    ({ network, address: own }) => address === network.base && own !== address,
  )
}

/** Where a packet to this address would go out. Undefined: not known. */
export function wayTo(host: LoadedHost, family: Family, address: Address): string | undefined {
  return placesOf(host, family).ways.find(({ network }) => inNetwork(address, network))?.interface
}

const linkLocal = { base: 0xfe80n << 112n, mask: 0xffc0n << 112n }
/** Multicast of the scope "link": the low bits of its second byte are 2 (RFC 4291, 2.7). */
const linkMulticast = { base: 0xff02n << 112n, mask: 0xff0fn << 112n }

/** The address that REDIRECT sends to: the first of the interface, in IPv6 of the scope of the destination (nf_nat_redirect.c). */
export function redirectAddress(
  host: LoadedHost,
  family: Family,
  name: string,
  destination: Address | undefined,
): Address | 'unknown' | undefined {
  const own = placesOf(host, family).own.filter((place) => place.interface === name)
  if (family === 4) return own[0]?.address
  if (destination === undefined) return 'unknown'
  const isLink = inNetwork(destination, linkLocal) || inNetwork(destination, linkMulticast)
  if (isMulticast(destination, family) && !isLink) return 'unknown'
  return own.find(({ address }) => inNetwork(address, linkLocal) === isLink)?.address
}
