import type { AuditReport } from '../../audit/finding.ts'
import { safeJson } from './words.ts'

/** The report as it is: for programs, and as the baseline of a later audit. */
export function auditJson(report: AuditReport): string {
  return `${safeJson({ format: 'provision-audit', version: 1, ...report }, 2)}\n`
}
