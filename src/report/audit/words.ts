import { type AuditReport, type Finding, type Severity, severities } from '../../audit/finding.ts'

// Control characters, what turns the direction of text, what is not seen, halves of characters: the comment of a rule
// must not steer a terminal, nor make an XML file that nobody can read.
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\ufffe\uffff]/gu

/** One line in which every control character is seen instead of obeyed. */
export function visible(text: string): string {
  return text.replaceAll('\t', ' ').replaceAll(unseen, escaped)
}

/** JSON that is also safe to look at on a terminal. */
export function safeJson(value: unknown, indent?: number): string {
  // JSON.stringify escapes C0 itself; its own line breaks must stay.
  return JSON.stringify(value, null, indent).replaceAll(unseen, (c) => (c === '\n' ? c : escaped(c)))
}

function escaped(c: string): string {
  const units = Array.from({ length: c.length }, (_, i) => c.charCodeAt(i))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}

/** At most `length` characters, and how many there were. */
export function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}… (${text.length} characters)`
}

/** At most `length` characters, for a cell of a table. */
export function short(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}

/** The list, or its start and how many more there are. */
export function some(lines: readonly string[], most: number): readonly string[] {
  const more = lines.length - most
  return more > 0 ? [...lines.slice(0, most), `… and ${more} more`] : lines
}

/** Findings of one id together, in the order given: what it means is said once. */
export function byId<F extends Finding>(findings: readonly F[]): readonly (readonly [F, ...F[]])[] {
  return [...Map.groupBy(findings, (f) => f.id).values()].map((same) => same as [F, ...F[]])
}

/** How many of each severity, worst first; those with none are left out. */
export function counts(findings: readonly Finding[]): readonly (readonly [Severity, number])[] {
  return severities.flatMap((severity) => {
    const count = findings.filter((f) => f.severity === severity).length
    return count > 0 ? [[severity, count] as const] : []
  })
}

export function unaudited(report: AuditReport): readonly string[] {
  return report.hosts.flatMap((h) => (h.failed === undefined ? [] : [h.name]))
}

/** The whole in one sentence, without any of the hosts' own words. */
export function verdict(report: AuditReport): string {
  const failed = unaudited(report)
  const found = counts(report.findings).map(([severity, count]) => `${count} ${severity}`)
  const total = report.findings.length
  const what = total === 0 ? '0 findings' : `${total} finding${total === 1 ? '' : 's'}: ${found.join(', ')}`
  if (failed.length > 0) return `Not clean: ${failed.map(visible).join(', ')} could not be audited; ${what}.`
  return total === 0 ? 'Clean: 0 findings.' : `${what}.`
}

/** What was done and what was left out, for the line below the verdict. */
export function scope(report: AuditReport): string {
  const audited = report.hosts.length - unaudited(report).length
  return [
    `${audited} of ${report.hosts.length} hosts in ${(report.ms / 1000).toFixed(1)} s`,
    report.probed ? 'with real connections' : 'by their rules only (--probe tries real connections)',
    ...(report.waived.length > 0 ? [`${report.waived.length} waived`] : []),
    ...(report.known.length > 0 ? [`${report.known.length} known from the baseline`] : []),
  ].join(' · ')
}
