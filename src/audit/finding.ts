import type { Family } from '../firewall/rules.ts'

/** From worst to least. */
export const severities = ['critical', 'high', 'medium', 'low'] as const
export type Severity = (typeof severities)[number]

/** How a statement about a host is known: read in its rules, computed from them, or tried with a real connection. */
export type Level = 'rules' | 'effect' | 'reach'

/** One thing that is not as it is meant to be. */
export interface Finding {
  /** Stable for ever: `FW001`. Its meaning is in the catalogue. */
  readonly id: string
  readonly severity: Severity
  readonly level: Level
  readonly host: string
  /** What it is about, stable from run to run (`tcp 2379 from any, v6`): with id and host the key of a baseline. */
  readonly subject: string
  /** The rules, sockets and probes that show it, as the host printed them. */
  readonly evidence: readonly string[]
  /** What it means for whoever runs this host. One sentence. */
  readonly meaning: string
  /** What to do. One sentence. */
  readonly fix: string
}

/** A finding that the inventory lets be, with its reason and its last day. */
export interface Waived extends Finding {
  readonly waiver: { readonly reason: string; readonly until: string; readonly owner?: string }
}

export type Reachability = 'open' | 'closed' | 'unknown'

/** One question of the matrix: may, would, and could this source come to this port of this host? */
export interface ReachCell {
  /** A host of the inventory, `control` (the machine the audit runs on), or a group of sources: `peers`, `clients`, `any`. */
  readonly from: string
  readonly to: string
  readonly family: Family
  readonly protocol: 'tcp' | 'udp' | 'vrrp' | 'ping'
  /** Undefined for vrrp and ping. */
  readonly port?: number
  readonly reason?: string
  /** What the policy says. */
  readonly expected: 'open' | 'closed'
  /** What the loaded rules do with such a packet. */
  readonly effect: Reachability
  /** What a real connection met: answered, refused (nobody listens), or nothing came back. Undefined without --probe. */
  readonly observed?: 'answered' | 'refused' | 'silent'
}

export interface AuditedHost {
  readonly name: string
  readonly address: string
  /** Why it could not be audited; it is then never counted as clean. */
  readonly failed?: string
  /** Rules read, of both families and backends. */
  readonly rules: number
  readonly ms: number
  /** Unified diff from the rules as they should be to those that are loaded. Only with --diff; empty where they are one. */
  readonly diff?: string
}

/** All that `provision audit firewall` found out; what each output prints. */
export interface AuditReport {
  /** ISO 8601, UTC. */
  readonly at: string
  readonly inventory: string
  readonly hosts: readonly AuditedHost[]
  /** Worst first, then by id and host. */
  readonly findings: readonly Finding[]
  readonly waived: readonly Waived[]
  /** Findings that the baseline knew already and that are still there: not in `findings`. */
  readonly known: readonly Finding[]
  readonly matrix: readonly ReachCell[]
  readonly probed: boolean
  readonly ms: number
}
