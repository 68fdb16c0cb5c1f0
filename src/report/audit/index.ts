import type { AuditReport } from '../../audit/finding.ts'
import { InputError } from '../../errors.ts'

/** What `--output` of an audit takes. */
export const auditOutputs = ['text', 'json', 'ndjson', 'sarif', 'junit', 'markdown', 'html'] as const
export type AuditOutput = (typeof auditOutputs)[number]

/** Throws InputError for a kind that does not exist: before the first connection, not after the audit. */
export function auditOutput(kind: string): AuditOutput {
  const known = auditOutputs.find((k) => k === kind)
  if (known) return known
  throw new InputError({ what: `--output takes ${auditOutputs.join(', ')}, not ${kind}` })
}

/** The report as one text. Only what is asked for is loaded. */
export async function formatAudit(report: AuditReport, kind: AuditOutput, color: boolean): Promise<string> {
  switch (kind) {
    case 'text':
      return (await import('./text.ts')).auditText(report, color)
    case 'json':
      return (await import('./json.ts')).auditJson(report)
    case 'ndjson':
      return (await import('./ndjson.ts')).auditNdjson(report)
    case 'sarif':
      return (await import('./sarif.ts')).auditSarif(report)
    case 'junit':
      return (await import('./junit.ts')).auditJunit(report)
    case 'markdown':
      return (await import('./markdown.ts')).auditMarkdown(report)
    case 'html':
      return (await import('./html.ts')).auditHtml(report)
  }
}
