import { evaluate } from '../firewall/evaluate.ts'
import type { Packet, Verdict } from '../firewall/packet.ts'
import type { Family, Flow } from '../firewall/rules.ts'
import { type Ruleset, rulesIn } from '../firewall/ruleset.ts'
import type { Reachability } from './finding.ts'
import type { Observation } from './observe.ts'
import { isExposed } from './parse-sockets.ts'
import { allowedBy, portsOf, type Wish } from './policy.ts'
import { bounds, type Neighbour, type Source, sourcesFor } from './sources.ts'

/** What one source may and would do at one port of a host. */
export interface Case {
  readonly source: Source
  readonly protocol: Flow['protocol']
  /** Undefined for vrrp and ping. */
  readonly port?: number
  /** The line of the policy that lets it in. */
  readonly allowed: Flow | undefined
  readonly verdict: Verdict
}

/** A host as the effect is computed for it. */
export interface Place {
  readonly name: string
  readonly address: string
  readonly wish: Wish
  readonly seen: Observation
  /** The other hosts, and the machine that the audit runs on, as the host sees it. */
  readonly others: readonly Neighbour[]
}

/** Ports that nobody names: who gets in here, gets in everywhere. */
const unnamed = [61234, 47123, 52871]

/** Every question worth asking of a host, answered from its loaded rules. */
export function casesOf(place: Place): readonly Case[] {
  return ([4, 6] as const).flatMap((family) => {
    const to = destination(place, family)
    if (to === undefined) return []
    const ruleset = place.seen.own[family]
    const sources = sourcesFor(family, place.others, addressesOf(place), place.wish.policy, ruleset)
    const asked = questions(place, ruleset)
    return sources.flatMap((source) => asked.map((question) => caseOf(place, to, source, question)))
  })
}

/** A packet from one of them never comes from outside. */
function addressesOf({ seen }: Place): readonly string[] {
  return seen.interfaces.flatMap((i) => i.addresses.map((address) => address.split('/')[0] ?? ''))
}

export interface Asked {
  readonly protocol: Flow['protocol']
  readonly port?: number
}

function caseOf(place: Place, to: Destination, source: Source, { protocol, port }: Asked): Case {
  const { family, address } = source
  const question = { family, protocol, source: address, ...(port === undefined ? {} : { port }) }
  const verdict = evaluate(
    place.seen.loaded,
    packetOf(source, to, { protocol, ...(port === undefined ? {} : { port }) }),
  )
  return {
    source,
    protocol,
    ...(port === undefined ? {} : { port }),
    allowed: allowedBy(place.wish.policy, question, verdict.way === 'forward'),
    verdict,
  }
}

/** The first packet of such a connection. */
export function packetOf(
  { family, address }: Pick<Source, 'family' | 'address'>,
  to: Destination,
  { protocol, port }: Asked,
): Packet {
  const base = { family, source: address, destination: to.address, inInterface: to.interface }
  if (protocol === 'vrrp') return { ...base, protocol: 'vrrp' }
  if (protocol === 'ping')
    return {
      ...base,
      protocol: family === 4 ? 'icmp' : 'ipv6-icmp',
      icmp: { type: family === 4 ? 8 : 128, code: 0 },
    }
  // A client's port is of no interest, but rules that ask for one must not make the answer unknown.
  return { ...base, protocol, sourcePort: 50123, ...(port === undefined ? {} : { destinationPort: port }) }
}

export interface Destination {
  readonly address: string
  readonly interface: string
}

/** Where packets for the host arrive. For IPv6 the address that its neighbours see, where it has no other. */
export function destination({ seen, address, wish }: Place, family: Family): Destination | undefined {
  const { external } = wish.policy
  const outer = seen.interfaces.filter((i) => external.includes(i.name))
  const all = outer.flatMap((i) =>
    i.addresses.map((a) => ({ address: a.split('/')[0] ?? '', interface: i.name })),
  )
  const own = all.filter((a) => a.address.includes(':') === (family === 6))
  return own.find((a) => a.address === address) ?? own.find((a) => !a.address.startsWith('fe80:')) ?? own[0]
}

/** Ports that are declared, that something listens on, that a rule names, that Docker publishes, and one that nobody knows. */
function questions({ wish, seen }: Place, ruleset: Ruleset): readonly Asked[] {
  const { flows, denied = [], published } = wish.policy
  const ports = new Set<string>()
  const add = (protocol: string, port: number) => ports.add(`${protocol} ${port}`)
  for (const flow of [...flows, ...denied, ...published])
    for (const port of portsOf(flow)) add(flow.protocol, port)
  for (const s of seen.sockets) if (isExposed(s)) add(s.protocol, s.port)
  for (const p of seen.published) add(p.protocol, p.port)
  const named = namedIn(ruleset)
  for (const port of named) for (const protocol of ['tcp', 'udp']) add(protocol, port)
  const stranger = unnamed.find((port) => !named.has(port) && !ports.has(`tcp ${port}`)) ?? 61234
  add('tcp', stranger)
  add('udp', stranger)
  return [
    ...[...ports].flatMap((key): Asked[] => {
      const [protocol, port] = key.split(' ')
      return protocol === 'tcp' || protocol === 'udp' ? [{ protocol, port: Number(port) }] : []
    }),
    { protocol: 'vrrp' },
    { protocol: 'ping' },
  ]
}

/** Ports that stand in a rule; of many, the first: a scan of thousands is not worth the wait. */
export function namedIn(ruleset: Ruleset, most = bounds(ruleset).ports): ReadonlySet<number> {
  const ports = new Set<number>()
  for (const { matches } of rulesIn(ruleset))
    for (const match of matches)
      if ((match.kind === 'ports' || match.kind === 'ct-ports') && ports.size < most)
        for (const { from, to } of match.ranges) {
          ports.add(from)
          ports.add(to)
        }
  return ports
}

/** Is this the question about everything that nobody names? */
export function isUnnamed({ port }: Pick<Case, 'port'>): boolean {
  return port !== undefined && unnamed.includes(port)
}

/** Open, closed for certain, or not known. */
export function reachOf({ result, possible }: Verdict): Reachability {
  if (result === 'unknown') return possible.includes('accept') ? 'unknown' : 'closed'
  return result === 'accept' ? 'open' : 'closed'
}
