import type { Entry } from './catalogue/entry.ts'
import { exposure } from './catalogue/exposure.ts'
import { host } from './catalogue/host.ts'
import { rules } from './catalogue/rules.ts'
import { type Finding, type Level, severities } from './finding.ts'

const all = { ...rules, ...exposure, ...host } as const

/** An id is never given to another kind of finding: waivers and baselines rely on it. */
export type FindingId = keyof typeof all

/** Every kind of finding, by id. */
export const catalogue: Readonly<Record<FindingId, Entry>> = all

/** All ids, ascending. */
export const findingIds: readonly FindingId[] = (Object.keys(all) as FindingId[]).toSorted()

/** What the tens of an id say: `FW02x` is exposure. */
export const families: Readonly<Record<string, string>> = {
  FW00: 'The audit itself',
  FW01: 'Policy and our own chains',
  FW02: 'Exposure: open, and must not be',
  FW03: 'The next boot, and rivals',
  FW04: 'Flows that must work',
  FW05: 'SSH and lock-out',
  FW06: 'IPv6',
  FW07: 'Docker, forwarding and NAT',
  FW08: 'Hygiene',
  FW09: 'Listeners',
}

export function isFindingId(id: string): id is FindingId {
  return Object.hasOwn(catalogue, id)
}

/** The title of an id; of one that an older or newer provision wrote, the id itself. */
export function titleOf(id: string): string {
  return isFindingId(id) ? catalogue[id].title : id
}

/** A finding of the catalogue on a host. `level` only where it was found otherwise than as a rule. */
export function finding(
  id: FindingId,
  seen: {
    readonly host: string
    readonly subject: string
    readonly evidence: readonly string[]
    readonly level?: Level
  },
): Finding {
  const { severity, level, meaning, fix } = catalogue[id]
  return { id, severity, level, meaning, fix, ...seen }
}

/** The order of a report: worst first, then by id, host and subject. */
export function bySeverity(a: Finding, b: Finding): number {
  return (
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    compare(a.id, b.id) ||
    compare(a.host, b.host) ||
    compare(a.subject, b.subject)
  )
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
