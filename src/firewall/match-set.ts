import { allOnes, inNetwork, type Network, parseNetwork, prefixMask } from './address.ts'
import { interfaceOf } from './match-place.ts'
import { hasPorts, protocolNumber } from './protocols.ts'
import type { Match, Side } from './ruleset.ts'
import type { IpSet, SetEntry } from './sets.ts'
import type { Answer, View } from './view.ts'

/** Is the packet in the set? What `! --match-set` makes of it is not asked here. */
export function matchSet(match: Extract<Match, { kind: 'set' }>, view: View): Answer {
  if (view.state.changedSets.split(',').includes(match.name))
    return `a rule before changes the set ${match.name}`
  return isIn(match.name, match.sides, view)
}

function isIn(name: string, sides: readonly Side[], view: View): Answer {
  const set = view.host.sets?.get(name)
  if (!set) return `the set ${name} is not known`
  if (set.type === 'list:set') return inOneOf(set, sides, view)
  const dimensions = set.type.slice(set.type.indexOf(':') + 1).split(',')
  // ip_set_core.c: a set of the other family, or with more dimensions than the rule names, holds nothing.
  if (set.family && set.family !== view.header.family) return false
  if (sides.length < dimensions.length) return false
  const index = indexOf(set, dimensions, view)
  if (typeof index === 'string') return index
  let doubt: Answer = false
  for (const { entry, isNot } of index.find(view, sides)) {
    const answer = entryMatches(entry, dimensions, sides, view)
    if (answer === true) return !isNot
    if (typeof answer === 'string') doubt = answer
  }
  return doubt
}

function inOneOf(list: IpSet, sides: readonly Side[], view: View): Answer {
  let doubt: Answer = false
  for (const { parts } of list.entries) {
    const member = view.host.sets?.get(parts[0] ?? '')
    // A list in a list cannot be made; a forged text may even have it in a circle.
    const answer =
      member?.type === 'list:set'
        ? 'a list in a list of sets is not modelled'
        : isIn(parts[0] ?? '', sides, view)
    if (answer === true) return true
    if (typeof answer === 'string') doubt = answer
  }
  return doubt
}

interface Candidate {
  readonly entry: SetEntry
  readonly isNot: boolean
}

/** By the first dimension, so that a large set costs as many look-ups as it has lengths of prefixes. */
interface Index {
  find(view: View, sides: readonly Side[]): readonly Candidate[]
}

const indexes = new WeakMap<IpSet, Index | string>()

function indexOf(set: IpSet, dimensions: readonly string[], view: View): Index | string {
  const found = indexes.get(set) ?? makeIndex(set, dimensions, view)
  indexes.set(set, found)
  return found
}

function makeIndex(set: IpSet, dimensions: readonly string[], { header: { family } }: View): Index | string {
  const isKnown = dimensions.every((name) => ['ip', 'net', 'port', 'iface', 'mac', 'mark'].includes(name))
  if (!isKnown || set.options.includes('bitmask'))
    return `sets like ${set.name} (${set.type}) are not modelled`
  const candidates = set.entries.map((entry) => ({ entry, isNot: entry.options.includes('nomatch') }))
  if (dimensions[0] !== 'ip' && dimensions[0] !== 'net') return { find: () => candidates }
  const netmask = set.options.includes('netmask')
    ? Number(set.options[set.options.indexOf('netmask') + 1])
    : undefined
  const common = netmask === undefined ? allOnes(family) : prefixMask(netmask, family)
  const byMask = new Map<bigint, Map<bigint, Candidate[]>>()
  for (const candidate of candidates) {
    const network = parseNetwork(candidate.entry.parts[0] ?? '', family)
    if (!network)
      return `the set ${set.name} has an entry that is no address: ${candidate.entry.parts.join()}`
    const byBase = byMask.get(network.mask & common) ?? new Map<bigint, Candidate[]>()
    byMask.set(network.mask & common, byBase)
    const same = byBase.get(network.base)
    if (same) same.push(candidate)
    else byBase.set(network.base, [candidate])
  }
  // The most special one is asked first: a `nomatch` inside of a larger network is an exception from it.
  const masks = [...byMask.keys()].toSorted((a, b) => (a < b ? 1 : -1))
  return {
    find: ({ header, state }, sides) => {
      const address = sides[0] === 'source' ? header.source : state.destination
      if (address === undefined) return candidates
      return masks.flatMap((mask) => byMask.get(mask)?.get(address & mask) ?? [])
    },
  }
}

function entryMatches(
  { parts, options }: SetEntry,
  dimensions: readonly string[],
  sides: readonly Side[],
  view: View,
): Answer {
  let doubt: Answer = true
  for (const [index, dimension] of dimensions.entries()) {
    const side = sides[index] ?? 'source'
    const answer = partMatches(parts[index] ?? '', dimension, side, options, view, index)
    if (answer === false) return false
    if (typeof answer === 'string') doubt = answer
  }
  return doubt
}

function partMatches(
  part: string,
  dimension: string,
  side: Side,
  options: readonly string[],
  view: View,
  index: number,
): Answer {
  const { header, state } = view
  if (dimension === 'port') return portMatches(part, side, view, index === 0)
  if (dimension === 'iface') {
    const name = interfaceOf(side === 'source' ? 'in' : 'out', view)
    if (name === undefined || part.startsWith('physdev:')) return 'the interface is not known'
    return options.includes('wildcard') ? name.startsWith(part) : name === part
  }
  if (dimension !== 'ip' && dimension !== 'net') return `sets with ${dimension} are not modelled`
  // The index has found the first one, with the set's netmask.
  const address = side === 'source' ? header.source : state.destination
  if (address === undefined) return "the packet's destination is not known"
  if (index === 0) return true
  const network: Network | undefined = parseNetwork(part, header.family)
  return network ? inNetwork(address, network) : `${part} is no address`
}

/** `tcp:80`; in a bitmap:port, which knows TCP and UDP alone, `80`. */
function portMatches(part: string, side: Side, { header, state }: View, isBitmap: boolean): Answer {
  const [protocol, port] = part.includes(':')
    ? [part.slice(0, part.indexOf(':')), part.slice(part.indexOf(':') + 1)]
    : ['', part]
  if (protocol === '' && isBitmap && header.protocol !== 6 && header.protocol !== 17) return false
  if (protocol !== '') {
    const number = protocolNumber(protocol)
    if (number === undefined) return `the protocol ${protocol} is not known`
    if (number !== header.protocol) return false
  }
  if (!hasPorts(header.protocol))
    return protocol !== '' && port === '0' ? true : 'types of ICMP in sets are not modelled'
  const actual = side === 'source' ? header.sourcePort : state.destinationPort
  return actual === undefined ? "the packet's port is not known" : actual === Number(port)
}
