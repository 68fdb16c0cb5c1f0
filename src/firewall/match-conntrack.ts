import { inNetwork } from './address.ts'
import { inPorts } from './numbers.ts'
import { hasPorts } from './protocols.ts'
import type { Match } from './ruleset.ts'
import { type Answer, negate, type View } from './view.ts'

type Conntrack = Extract<
  Match,
  { kind: 'state' | 'ct-protocol' | 'ct-direction' | 'ct-address' | 'ct-ports' }
>

/** What the rules say of the connection (xt_conntrack.c). In `raw` there is none yet. */
export function matchConntrack(match: Conntrack, view: View): Answer {
  if (match.kind === 'state') return negate(stateMatches(match.states, view), match.not)
  const { header, state } = view
  // Without a connection the other questions depend on what else the same module asks; and of an old one we know little.
  if (header.state !== 'NEW' || state.isNotrack || view.table === 'raw')
    return 'what conntrack knows of such a packet is not modelled'
  if (match.kind === 'ct-protocol') return negate(match.protocol === header.protocol, match.not)
  if (match.kind === 'ct-direction') return match.direction === 'ORIGINAL'
  const [address, port] = endOf(match, view)
  if (match.kind === 'ct-address')
    return address === undefined
      ? "the connection's address is not known"
      : inNetwork(address, match.network) !== match.not
  if (port === undefined || !hasPorts(header.protocol)) return "the connection's port is not known"
  return inPorts(port, match.ranges) !== match.not
}

/** The reply comes from where DNAT sent the packet. What SNAT will do later is not known here, and not done yet. */
function endOf({ of, side }: Extract<Conntrack, { side: unknown }>, { header, state }: View) {
  if (of === 'orig' && side === 'source') return [header.source, header.sourcePort] as const
  if (of === 'orig') return [header.destination, header.destinationPort] as const
  if (side === 'source') return [state.destination, state.destinationPort] as const
  return [header.source, header.sourcePort] as const
}

function stateMatches(states: readonly string[], { header, state, table }: View): Answer {
  if (state.isNotrack) return states.includes('UNTRACKED')
  if (header.state === 'INVALID' || table === 'raw') return states.includes('INVALID')
  if (states.includes(header.state)) return true
  if (states.includes('DNAT') && state.isDnat !== false)
    return state.isDnat ?? 'whether the connection is rewritten is not known'
  if (states.includes('SNAT') && header.state !== 'NEW')
    return 'whether the connection is rewritten is not known'
  return false
}
