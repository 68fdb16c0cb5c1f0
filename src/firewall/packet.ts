import type { Family } from './rules.ts'
import type { LoadedRule, Ruleset } from './ruleset.ts'
import type { IpSet } from './sets.ts'

/** What can be in the first header of a packet that comes to a host from outside. */
export interface Packet {
  readonly family: Family
  /** A name as `iptables-save` prints it, or a number: `tcp`, `udp`, `icmp`, `ipv6-icmp`, `vrrp`, `esp`. */
  readonly protocol: string | number
  readonly source: string
  readonly destination: string
  /** Undefined: any; a rule that asks for it is then unknown. */
  readonly sourcePort?: number
  readonly destinationPort?: number
  readonly icmp?: { readonly type: number; readonly code?: number }
  /** Undefined: any. */
  readonly inInterface?: string
  /** NEW when left out: the first packet of a connection. */
  readonly state?: 'NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID'
  /** TCP flags that are on. Left out: SYN for NEW, ACK for all else. */
  readonly flags?: readonly ('FIN' | 'SYN' | 'RST' | 'PSH' | 'ACK' | 'URG')[]
  /** Hop limit on arrival. Undefined: any. */
  readonly ttl?: number
}

export interface Interface {
  readonly name: string
  /** With prefix, in the order of `ip address`: the first is the one that REDIRECT uses. */
  readonly addresses: readonly string[]
  /** Exactly false: the interface is no bridge. */
  readonly bridge?: boolean
}

export interface Route {
  /** `0.0.0.0/0` and `::/0` for the default. */
  readonly network: string
  readonly interface: string
}

/** All of a host that decides what becomes of a packet. */
export interface LoadedHost {
  /** Of both families and of both backends (nft, legacy): a packet passes all of its family. */
  readonly rulesets: readonly Ruleset[]
  readonly sets?: ReadonlyMap<string, IpSet>
  readonly interfaces: readonly Interface[]
  /** Beside the networks of the interfaces. Needed only for `-o` of what is forwarded and for rpfilter. */
  readonly routes?: readonly Route[]
  /** Does the host forward? Undefined: treated as yes. */
  readonly forwarding?: { readonly 4?: boolean; readonly 6?: boolean }
  /** nftables tables on the packet's way that are not evaluated here (`inet foo`): every verdict is then unknown. */
  readonly foreign?: readonly string[]
}

export type Result = 'accept' | 'drop' | 'reject'

/** What becomes of a packet, and why. */
export interface Verdict {
  /** `unknown` when what is not modelled could change the result. Never a closed that is not certain. */
  readonly result: Result | 'unknown'
  /** All results that are possible: one, unless unknown. Closed for certain is: no `accept` in it. */
  readonly possible: readonly Result[]
  /** To the host itself, on to another (a container among them), or not known. */
  readonly way: 'input' | 'forward' | 'unknown'
  /** The rules that decided: jumps that were taken, rewriting rules, and the rule with the verdict. Empty: policies alone. */
  readonly path: readonly LoadedRule[]
  /** Where DNAT or REDIRECT sent it. A part that cannot be told is left out. */
  readonly rewritten?: { readonly destination?: string; readonly port?: number }
  /** The first packets of a source meet this result, a flood meets another. */
  readonly limited?: boolean
  /** One sentence where the rules alone do not say it: the policy that decided, or what makes it unknown. */
  readonly because?: string
}
