import type { Network, Range } from './address.ts'
import type { Family } from './rules.ts'

/** What `iptables-save` or `ip6tables-save` printed, without loss: `printSave` gives the same text again. */
export interface Ruleset {
  readonly family: Family
  /** Every line, in order. A trailing newline is a last, empty line. */
  readonly lines: readonly Line[]
  /** By name: filter, nat, mangle, raw, security. */
  readonly tables: ReadonlyMap<string, Table>
  /** Tables that are there but that iptables cannot show (`# Table ... is incompatible`): nobody knows what they do. */
  readonly hidden: readonly string[]
}

export type Line =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'table'; readonly name: string }
  | { readonly kind: 'chain'; readonly chain: Chain }
  | { readonly kind: 'rule'; readonly rule: LoadedRule }
  | { readonly kind: 'commit' }

export interface Table {
  readonly name: string
  /** In the order in which they were declared. */
  readonly chains: ReadonlyMap<string, Chain>
}

/** All rules of a table, in the order in which they stand. */
export function rulesOfTable({ chains }: Table): readonly LoadedRule[] {
  return [...chains.values()].flatMap((chain) => chain.rules)
}

/** All rules of all tables. */
export function rulesIn({ tables }: Ruleset): readonly LoadedRule[] {
  return [...tables.values()].flatMap(rulesOfTable)
}

export interface Chain {
  readonly name: string
  /** What becomes of a packet at the end of a built-in chain. A chain of a user has none. */
  readonly policy?: 'ACCEPT' | 'DROP'
  readonly counters?: Counters
  readonly rules: readonly LoadedRule[]
}

/** Counters may be above 2^53. */
export interface Counters {
  readonly packets: bigint
  readonly bytes: bigint
}

/** A rule as it is loaded in a kernel (or as it stands in a file that would be loaded). */
export interface LoadedRule {
  readonly table: string
  readonly chain: string
  /** 1-based in its chain: the number that `iptables -D CHAIN N` takes. */
  readonly position: number
  /** 1-based in the text. */
  readonly line: number
  /** The line without counters: `-A INPUT -s 10.0.0.0/8 -j ACCEPT`. */
  readonly text: string
  /** Undefined when the text was made without `-c`: not known is not zero. */
  readonly counters?: Counters
  /** All of them must hold. */
  readonly matches: readonly Match[]
  readonly target: Target
}

export interface PortRange {
  readonly from: number
  readonly to: number
}

export type Side = 'source' | 'destination'

/** One condition of a rule. `not` is iptables' `!`. */
export type Match =
  | { readonly kind: 'address'; readonly side: Side; readonly network: Network; readonly not: boolean }
  | { readonly kind: 'range'; readonly side: Side; readonly range: Range; readonly not: boolean }
  /** `name` may end with `+`: all interfaces that begin so. */
  | { readonly kind: 'interface'; readonly way: 'in' | 'out'; readonly name: string; readonly not: boolean }
  /** By number, whatever name it was written with. */
  | { readonly kind: 'protocol'; readonly protocol: number; readonly not: boolean }
  | { readonly kind: 'fragment'; readonly not: boolean }
  /** From tcp, udp, sctp, dccp and multiport alike. Sorted; `either` is multiport's `--ports`. */
  | {
      readonly kind: 'ports'
      readonly side: Side | 'either'
      readonly ranges: readonly PortRange[]
      readonly not: boolean
    }
  /** Of the flags in `mask` exactly those in `set` are on. Bits as in the header: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32. */
  | { readonly kind: 'tcp-flags'; readonly mask: number; readonly set: number; readonly not: boolean }
  /** Without a code: every code. */
  | { readonly kind: 'icmp'; readonly type: number; readonly code?: number; readonly not: boolean }
  /** `ctstate` and the older `state`. Sorted: DNAT, ESTABLISHED, INVALID, NEW, RELATED, SNAT, UNTRACKED. */
  | { readonly kind: 'state'; readonly states: readonly string[]; readonly not: boolean }
  | { readonly kind: 'ct-protocol'; readonly protocol: number; readonly not: boolean }
  | { readonly kind: 'ct-direction'; readonly direction: 'ORIGINAL' | 'REPLY' }
  | {
      readonly kind: 'ct-address'
      readonly of: 'orig' | 'reply'
      readonly side: Side
      readonly network: Network
      readonly not: boolean
    }
  | {
      readonly kind: 'ct-ports'
      readonly of: 'orig' | 'reply'
      readonly side: Side
      readonly ranges: readonly PortRange[]
      readonly not: boolean
    }
  /** `sides` has one entry for each dimension of the set. */
  | { readonly kind: 'set'; readonly name: string; readonly sides: readonly Side[]; readonly not: boolean }
  | {
      readonly kind: 'address-type'
      readonly side: Side
      readonly types: readonly string[]
      readonly not: boolean
      readonly limitInterface?: 'in' | 'out'
    }
  | {
      readonly kind: 'mark' | 'connmark'
      readonly value: number
      readonly mask: number
      readonly not: boolean
    }
  /** What a first packet meets and a flood does not: limit, hashlimit, connlimit, recent with a count, quota. */
  | {
      readonly kind: 'limit'
      readonly module: string
      readonly words: readonly string[]
      readonly first: boolean
    }
  | { readonly kind: 'packet-type'; readonly type: string; readonly not: boolean }
  /** Holds for every packet, and is there for what it does besides: `recent --set`, nfacct. */
  | { readonly kind: 'always'; readonly module: string; readonly words: readonly string[] }
  /** Never holds for a packet without IPv6 extension headers: rt, frag, hbh, dst, ah. */
  | { readonly kind: 'extension-header'; readonly module: string; readonly words: readonly string[] }
  | {
      readonly kind: 'ttl'
      readonly compare: 'eq' | 'lt' | 'gt'
      readonly value: number
      readonly not: boolean
    }
  | { readonly kind: 'rpfilter'; readonly words: readonly string[]; readonly not: boolean }
  /** `plain`: does it hold for a packet that came over no bridge? */
  | { readonly kind: 'physdev'; readonly plain: boolean; readonly words: readonly string[] }
  | { readonly kind: 'comment'; readonly text: string }
  /** What we do not model. The words are those after `-m`. */
  | { readonly kind: 'unknown'; readonly words: readonly string[] }

/** What becomes of a packet that a rule matches. `words` is all that follows `-j` or `-g`. */
export type Target = { readonly words: readonly string[] } & (
  | { readonly kind: 'none' }
  | { readonly kind: 'accept' | 'drop' | 'return' }
  | { readonly kind: 'reject'; readonly reply?: string }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string }
  /** LOG and its like: the packet goes on, and nothing that we model changes. */
  | { readonly kind: 'pass' }
  /** new = (old and not `mask`) xor `value`. */
  | { readonly kind: 'mark' | 'connmark'; readonly value: number; readonly mask: number }
  | { readonly kind: 'save-mark' | 'restore-mark'; readonly nfmask: number; readonly ctmask: number }
  /** Without an address only the port changes, and the other way round. */
  | { readonly kind: 'dnat'; readonly addresses?: Range; readonly ports?: PortRange }
  | { readonly kind: 'redirect'; readonly ports?: PortRange }
  /** SNAT and MASQUERADE: of no interest to the question who may come in. */
  | { readonly kind: 'snat' }
  | { readonly kind: 'notrack' }
  /** Adds to an ipset, or takes from it. */
  | { readonly kind: 'set'; readonly name: string }
  | { readonly kind: 'unknown' }
)
