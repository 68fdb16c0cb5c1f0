import type { AuditReport } from '../../audit/finding.ts'
import { counts, safeJson, unaudited } from './words.ts'

/** One thing a line, each with its `type` and the time of the audit: for logs and pipes. */
export function auditNdjson(report: AuditReport): string {
  const { at, inventory, hosts, findings, waived, known, matrix, probed, ms } = report
  const lines = [
    ...hosts.map((host) => ({ type: 'host', at, ...host })),
    ...findings.map((finding) => ({ type: 'finding', at, ...finding })),
    ...waived.map((finding) => ({ type: 'waived', at, ...finding })),
    ...known.map((finding) => ({ type: 'known', at, ...finding })),
    ...matrix.map((cell) => ({ type: 'reach', at, ...cell })),
    {
      type: 'end',
      at,
      inventory,
      probed,
      ms,
      findings: Object.fromEntries(counts(findings)),
      waived: waived.length,
      known: known.length,
      unaudited: unaudited(report),
    },
  ]
  return lines.map((line) => `${safeJson(line)}\n`).join('')
}
