import type { Collected } from './audit.ts'
import { sinceBaseline } from './baseline.ts'
import { bySeverity } from './catalogue.ts'
import { type AuditReport, type Severity, severities } from './finding.ts'
import { applyWaivers, type Waiver } from './waivers.ts'

/** The report of what was collected: the inventory's waivers and the baseline laid over it, worst first. */
export function settle(
  collected: Collected,
  given: {
    readonly waivers: readonly Waiver[]
    /** Names of all hosts of the inventory. */
    readonly known: readonly string[]
    readonly baseline?: ReadonlySet<string>
  },
): AuditReport {
  const audited = collected.hosts.filter((h) => h.failed === undefined).map((h) => h.name)
  const scope = { known: given.known, audited, probed: collected.probed }
  const { findings, waived } = applyWaivers(
    collected.findings,
    given.waivers,
    collected.at.slice(0, 10),
    scope,
  )
  const parted = sinceBaseline(findings, given.baseline ?? new Set())
  return {
    ...collected,
    findings: parted.findings.toSorted(bySeverity),
    waived: waived.toSorted(bySeverity),
    known: parted.known.toSorted(bySeverity),
  }
}

/** 0 clean · 2 findings at or above `failOn` · 3 a host could not be audited: whatever else was found, it is not clean. */
export function exitCodeOf(report: AuditReport, failOn: Severity): 0 | 2 | 3 {
  if (report.hosts.some((h) => h.failed !== undefined)) return 3
  const limit = severities.indexOf(failOn)
  return report.findings.some((f) => severities.indexOf(f.severity) <= limit) ? 2 : 0
}
