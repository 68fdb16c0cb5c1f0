import type { Host } from '../model/host.ts'
import type { Connect } from '../model/transport.ts'
import type { AuditReport } from './finding.ts'

/** What an audit is asked to do. */
export interface AuditOptions {
  /** The inventory's file, for the report. */
  readonly inventory: string
  /** Every host of the inventory: sources and peers, whatever `--limit` says. Only the hosts given are looked at. */
  readonly all: readonly Host[]
  /** Also try real connections. */
  readonly probe: boolean
  /** Also say how the loaded rules differ from those that should be, as a unified diff. */
  readonly diff: boolean
}

/** What the hosts showed, before the inventory's waivers and a baseline are laid over it. */
export type Collected = Omit<AuditReport, 'waived' | 'known'>

/**
 * Looks at the hosts, read-only and all at once, and says what is not as the inventory means it. A host that cannot be
 * audited has `failed` and a finding FW001; it never makes the others fail.
 */
export type Collect = (hosts: readonly Host[], connect: Connect, options: AuditOptions) => Promise<Collected>
