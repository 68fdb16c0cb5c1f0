import { titleOf } from '../../audit/catalogue.ts'
import { type AuditReport, type Finding, type Severity, severities } from '../../audit/finding.ts'
import { type Paint, paint } from '../color.ts'
import { table } from '../table.ts'
import { textMatrix } from './text-matrix.ts'
import { byId, clip, scope, some, unaudited, verdict, visible } from './words.ts'
import { wrap } from './wrap.ts'

const width = 120
const colors: Readonly<Record<Severity, Parameters<Paint>[0]>> = {
  critical: ['bold', 'red'],
  high: 'red',
  medium: 'yellow',
  low: 'cyan',
}

/** For people: what could not be looked at, findings by severity, who reaches what, and the whole in one line at the end. */
export function auditText(report: AuditReport, color: boolean): string {
  const p = paint(color)
  const failed = unaudited(report)
  const good = failed.length === 0 && report.findings.length === 0
  return `${[
    hosts(report, p),
    ...severities.flatMap((severity) => group(report.findings, severity, p)),
    letBe(report, p),
    report.matrix.length > 0 ? textMatrix(report, p, width) : '',
    diffs(report, p),
    `${p(good ? 'green' : 'red', `${good ? '✔' : '✘'} ${verdict(report)}`)}\n${scope(report)}`,
  ]
    .filter(Boolean)
    .join('\n\n')}\n`
}

function hosts(report: AuditReport, p: Paint): string {
  const failures = report.hosts.filter((h) => h.failed !== undefined)
  const rows = report.hosts
    .filter((h) => h.failed === undefined)
    .map((h) => [visible(h.name), visible(h.address), `${h.rules} rules`, `${Math.round(h.ms)} ms`])
  return [
    ...(rows.length > 0 ? [table([], rows)] : []),
    ...failures.map(
      (h) =>
        `${p('red', `${visible(h.name)} could not be audited`)}\n${wrap(visible(h.failed ?? ''), width, '  ')}`,
    ),
  ].join('\n')
}

function group(findings: readonly Finding[], severity: Severity, p: Paint): readonly string[] {
  const found = byId(findings.filter((f) => f.severity === severity))
  return found.map((same) => {
    const [{ id, meaning, fix }] = same
    return [
      `${p(colors[severity], `${severity.toUpperCase().padEnd(8)}  ${visible(id)}`)}  ${p('bold', visible(titleOf(id)))}`,
      p('dim', wrap(visible(meaning), width, '  ')),
      ...same.map((f) => seen(f)),
      wrap(`→ ${visible(fix)}`, width, '  ', '    '),
    ].join('\n')
  })
}

function seen({ host, subject, level, evidence }: Finding): string {
  const head = wrap(`${visible(host)}  ${clip(visible(subject), 300)}  [${level}]`, width, '  ', '    ')
  return [head, ...some(evidence, 8).map((line) => wrap(clip(visible(line), 500), width, '      '))].join(
    '\n',
  )
}

function letBe({ waived, known }: AuditReport, p: Paint): string {
  const line = (f: Finding, why: string) =>
    wrap(`${f.id}  ${visible(f.host)}  ${clip(visible(f.subject), 300)}${why}`, width, '  ', '    ')
  return [
    ...(waived.length > 0 ? [p('dim', 'WAIVED by the inventory')] : []),
    ...waived.map((f) => {
      const { reason, until, owner } = f.waiver
      return line(f, `: ${clip(visible(reason), 300)} (until ${until}${owner ? `, ${visible(owner)}` : ''})`)
    }),
    ...(known.length > 0 ? [p('dim', 'KNOWN from the baseline, and still there')] : []),
    ...known.map((f) => line(f, '')),
  ].join('\n')
}

function diffs({ hosts }: AuditReport, p: Paint): string {
  return hosts
    .filter((h) => h.diff)
    .map((h) =>
      [
        p('bold', `${visible(h.name)}: rules as they should be (-) and as they are loaded (+)`),
        ...(h.diff ?? '')
          .trimEnd()
          .split('\n')
          .map((line) => diffLine(clip(visible(line), 500), p)),
      ].join('\n'),
    )
    .join('\n\n')
}

function diffLine(line: string, p: Paint): string {
  if (/^(---|\+\+\+) /.test(line)) return p('dim', line)
  return line.startsWith('+') ? p('red', line) : line.startsWith('-') ? p('green', line) : line
}
