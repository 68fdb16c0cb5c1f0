import { InputError } from '../errors.ts'
import { type Address, parseAddress } from './address.ts'
import { tcpFlags } from './interpret.ts'
import type { LoadedHost, Packet } from './packet.ts'
import { protocolNumber, tcp } from './protocols.ts'
import type { Family } from './rules.ts'

/** Does a condition hold? A text says why that cannot be told. */
export type Answer = boolean | string

/** `!` turns a yes into a no; what cannot be told stays so. */
export const negate = (answer: Answer, not: boolean): Answer =>
  typeof answer === 'string' ? answer : answer !== not

/** A packet with its texts as numbers. */
export interface Header {
  readonly family: Family
  readonly protocol: number
  readonly source: Address
  readonly destination: Address
  readonly sourcePort: number | undefined
  readonly destinationPort: number | undefined
  readonly icmp: Packet['icmp']
  readonly inInterface: string | undefined
  readonly state: NonNullable<Packet['state']>
  readonly flags: number
  readonly ttl: number | undefined
}

/** What rules change on the way. `undefined` is: not known. */
export interface State {
  readonly mark: number | undefined
  readonly connmark: number | undefined
  readonly destination: Address | undefined
  readonly destinationPort: number | undefined
  /** Was the destination really changed? */
  readonly isDnat: boolean | undefined
  /** Has a nat rule sent it anywhere, be it where it was going anyway? No other one is asked then. */
  readonly isNatDone: boolean
  /** REDIRECT leads to this host, even when we do not know by which address. */
  readonly isToSelf: boolean
  /** Conntrack was told to leave it alone. */
  readonly isNotrack: boolean
  /** Sets that a rule may have changed, with commas. */
  readonly changedSets: string
}

export type Hook = 'PREROUTING' | 'INPUT' | 'FORWARD' | 'POSTROUTING'

/** All that a condition can ask for. */
export interface View {
  readonly host: LoadedHost
  readonly header: Header
  readonly state: State
  readonly table: string
  readonly hook: Hook
}

/** Is there a connection to ask? Not in `raw`, which is before conntrack, and not for what conntrack does not take. */
export const hasConnection = ({ header, state, table }: View): boolean =>
  !state.isNotrack && header.state !== 'INVALID' && table !== 'raw'

/** Throws InputError for a packet that cannot be. */
export function headerOf(packet: Packet): Header {
  const { family, state = 'NEW' } = packet
  const protocol = protocolNumber(packet.protocol)
  if (protocol === undefined || protocol === 0)
    throw new InputError({ what: `${JSON.stringify(packet.protocol)} is no protocol of a packet` })
  const address = (text: string) => {
    const found = parseAddress(text, family)
    if (found === undefined)
      throw new InputError({ what: `${JSON.stringify(text)} is no address of IPv${family}` })
    return found
  }
  return {
    family,
    protocol,
    source: address(packet.source),
    destination: address(packet.destination),
    sourcePort: packet.sourcePort,
    destinationPort: packet.destinationPort,
    icmp: packet.icmp,
    inInterface: packet.inInterface,
    state,
    flags: protocol === tcp ? tcpFlags(packet.flags ?? [state === 'NEW' ? 'SYN' : 'ACK']) : 0,
    ttl: packet.ttl,
  }
}

export function firstState(header: Header): State {
  // A new packet and a new connection are not marked; an old connection may be.
  return {
    mark: 0,
    connmark: header.state === 'NEW' ? 0 : undefined,
    destination: header.destination,
    destinationPort: header.destinationPort,
    isDnat: header.state === 'NEW' ? false : undefined,
    isNatDone: false,
    isToSelf: false,
    isNotrack: false,
    changedSets: '',
  }
}
