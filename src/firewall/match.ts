import { inNetwork, inRange } from './address.ts'
import { matchConntrack } from './match-conntrack.ts'
import { matchPlace } from './match-place.ts'
import { matchSet } from './match-set.ts'
import { inPorts } from './numbers.ts'
import { hasPorts, icmpOf } from './protocols.ts'
import type { Match } from './ruleset.ts'
import { type Answer, hasConnection, negate, type View } from './view.ts'

/** Does the packet meet the condition? Limits are not asked here: they have two answers. */
export function matches(match: Exclude<Match, { kind: 'limit' }>, view: View): Answer {
  const { header, state } = view
  switch (match.kind) {
    case 'comment':
    case 'always':
      return true
    case 'fragment':
      // The model has no fragments: conntrack puts them together before any of these tables but raw sees them.
      return match.not
    case 'extension-header':
      return false
    case 'unknown':
      return `"${match.words.join(' ')}" is not modelled`
    case 'protocol':
      return negate(match.protocol === 0 || match.protocol === header.protocol, match.not)
    case 'address':
      return known(sideAddress(match.side, view), 'destination', match.not, (a) =>
        inNetwork(a, match.network),
      )
    case 'range':
      return known(sideAddress(match.side, view), 'destination', match.not, (a) => inRange(a, match.range))
    case 'ports':
      return hasPorts(header.protocol) && negate(portsMatch(match, view), match.not)
    case 'tcp-flags':
      return negate((header.flags & match.mask) === match.set, match.not)
    case 'icmp':
      return icmpMatches(match, view)
    case 'mark':
      return known(state.mark, 'mark', match.not, (mark) => (mark & match.mask) >>> 0 === match.value)
    case 'connmark':
      // Without a connection it does not hold, and `!` changes nothing in that (xt_connmark.c).
      if (!hasConnection(view)) return false
      return known(state.connmark, 'connmark', match.not, (mark) => (mark & match.mask) >>> 0 === match.value)
    case 'ttl':
      return known(ttlAt(view), 'hop limit', match.not, (ttl) => compare[match.compare](ttl, match.value))
    case 'set':
      return negate(matchSet(match, view), match.not)
    case 'state':
    case 'ct-protocol':
    case 'ct-direction':
    case 'ct-address':
    case 'ct-ports':
      return matchConntrack(match, view)
    default:
      return matchPlace(match, view)
  }
}

/** Forwarding takes one before FORWARD is asked (ip_forward.c). */
function ttlAt({ header, hook }: View): number | undefined {
  const isForwarded = hook === 'FORWARD' || hook === 'POSTROUTING'
  return header.ttl === undefined || !isForwarded ? header.ttl : header.ttl - 1
}

const compare = {
  eq: (a: number, b: number) => a === b,
  lt: (a: number, b: number) => a < b,
  gt: (a: number, b: number) => a > b,
}

/** The answer when the value is there; else which one is missing. */
export function known<T>(
  value: T | undefined,
  name: string,
  not: boolean,
  test: (value: T) => boolean,
): Answer {
  return value === undefined ? `the packet's ${name} is not known` : test(value) !== not
}

function sideAddress(side: 'source' | 'destination', { header, state }: View) {
  return side === 'source' ? header.source : state.destination
}

function portsMatch(match: Extract<Match, { kind: 'ports' }>, { header, state }: View): Answer {
  const source = known(header.sourcePort, 'source port', false, (port) => inPorts(port, match.ranges))
  const destination = known(state.destinationPort, 'port', false, (port) => inPorts(port, match.ranges))
  if (match.side === 'source') return source
  if (match.side === 'destination') return destination
  if (source === true || destination === true) return true
  return typeof source === 'string' ? source : destination
}

function icmpMatches(match: Extract<Match, { kind: 'icmp' }>, { header }: View): Answer {
  if (header.protocol !== icmpOf[header.family]) return false
  const { icmp } = header
  if (!icmp) return "the packet's ICMP type is not known"
  if (icmp.type !== match.type) return match.not
  if (match.code === undefined) return !match.not
  return known(icmp.code, 'ICMP code', match.not, (code) => code === match.code)
}
