import { type Address, inNetwork } from './address.ts'
import { isBroadcast, isLocal, isLowest, isMulticast, placesOf, wayTo } from './places.ts'
import type { Match } from './ruleset.ts'
import { type Answer, negate, type View } from './view.ts'

type Place = Extract<Match, { kind: 'interface' | 'address-type' | 'packet-type' | 'rpfilter' | 'physdev' }>

/** Conditions on interfaces, and on what an address is to this host. */
export function matchPlace(match: Place, view: View): Answer {
  if (match.kind === 'interface') return interfaceMatches(match, view)
  if (match.kind === 'packet-type') return packetType(match, view)
  if (match.kind === 'rpfilter') return negate(comesBack(view, match.words.includes('--loose')), match.not)
  if (match.kind === 'physdev') {
    const found = view.host.interfaces.find(({ name }) => name === view.header.inInterface)
    return found?.bridge === false ? match.plain : 'whether the packet comes over a bridge is not known'
  }
  const { side, types, not } = match
  const address = side === 'source' ? view.header.source : view.state.destination
  if (address === undefined) return "the packet's destination is not known"
  const within = match.limitInterface === 'in' ? view.header.inInterface : undefined
  if (match.limitInterface && within === undefined)
    return 'the type of an address on an interface is not modelled'
  return negate(addressType(address, types, view, within), not)
}

/** The name of an interface, or `undefined` where it is not known. On the way in there is none that it goes out by. */
export function interfaceOf(way: 'in' | 'out', { host, header, state, hook }: View): string | undefined {
  // On the way out, whether there is one depends on the kernel's age.
  if (way === 'in') return hook === 'POSTROUTING' ? undefined : header.inInterface
  if (hook === 'PREROUTING' || hook === 'INPUT') return ''
  return state.destination === undefined ? undefined : wayTo(host, header.family, state.destination)
}

function interfaceMatches({ way, name, not }: Extract<Place, { kind: 'interface' }>, view: View): Answer {
  if (name === '+') return !not
  const actual = interfaceOf(way, view)
  if (actual === undefined)
    return `the interface that the packet ${way === 'in' ? 'comes in' : 'goes out'} by is not known`
  return (name.endsWith('+') ? actual.startsWith(name.slice(0, -1)) : actual === name) !== not
}

function packetType({ type, not }: Extract<Place, { kind: 'packet-type' }>, view: View): Answer {
  const { host, header } = view
  const is = isMulticast(header.destination, header.family)
    ? 'multicast'
    : isBroadcast(host, header.family, header.destination)
      ? 'broadcast'
      : 'unicast'
  if (header.inInterface === 'lo' || !['unicast', 'host', 'broadcast', 'multicast'].includes(type))
    return `packets of the type ${type} are not modelled`
  return (is === (type === 'host' ? 'unicast' : type)) !== not
}

/** Would an answer go out where the packet came in? */
function comesBack({ host, header }: View, isLoose: boolean): Answer {
  const { family, source, inInterface } = header
  if (inInterface === 'lo') return true
  const places = placesOf(host, family)
  const ways = places.ways.filter(({ network }) => inNetwork(source, network))
  if (ways.length === 0 && places.isComplete && !isLocal(host, family, source)) return false
  if (inInterface === undefined || ways.length === 0 || isLocal(host, family, source))
    return 'the way back to the sender is not known'
  if (isLoose || ways[0]?.interface === inInterface) return true
  // Equal prefixes on two interfaces: metrics decide.
  return ways.some((way) => way.interface === inInterface) ? 'the way back to the sender is not known' : false
}

function addressType(address: Address, types: readonly string[], view: View, within?: string): Answer {
  const { host, header } = view
  const { family } = header
  if (within === undefined && isLowest(host, family, address) && !isLocal(host, family, address))
    return 'the lowest address of a network has a type that is not modelled'
  // xt_addrtype.c takes several types of IPv6 as "all of them" for some, as "one of them" for others.
  if (family === 6 && types.length > 1) return 'several types of an IPv6 address are not modelled'
  if (!types.every((type) => ['LOCAL', 'UNICAST', 'BROADCAST', 'MULTICAST'].includes(type)))
    return `addresses of the type ${types.join(',')} are not modelled`
  if (within !== undefined) {
    if (types.join() !== 'LOCAL') return 'the type of an address on an interface is not modelled'
    return isLocal(host, family, address, within)
  }
  const is = typeOf(address, view)
  // In IPv6 unicast says what the address looks like; ours are unicast too.
  if (family === 6 && types[0] === 'UNICAST') return is !== 'MULTICAST'
  return types.includes(is)
}

function typeOf(address: Address, { host, header: { family } }: View): string {
  if (isLocal(host, family, address)) return 'LOCAL'
  if (isMulticast(address, family)) return 'MULTICAST'
  if (isBroadcast(host, family, address) || (family === 4 && address >> 24n === 0n)) return 'BROADCAST'
  return 'UNICAST'
}
