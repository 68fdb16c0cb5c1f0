import { titleOf } from '../../audit/catalogue.ts'
import { type AuditReport, type Finding, severities } from '../../audit/finding.ts'
import { cellText, legend, verdictOf } from './cell.ts'
import { reachTable } from './matrix.ts'
import { names } from './names.ts'
import { byId, clip, counts, scope, some, unaudited, verdict, visible } from './words.ts'

/** Markdown as GitHub and GitLab show it: for a pull request, a ticket, a wiki. */
export function auditMarkdown(report: AuditReport): string {
  const failed = report.hosts.filter((h) => h.failed !== undefined)
  const isGood = report.findings.length === 0 && unaudited(report).length === 0
  return `${[
    `# Firewall audit of ${inline(report.inventory)}`,
    `${isGood ? '✅' : '❌'} **${inline(verdict(report))}** ${inline(scope(report))}. ${report.at}`,
    ...failed.map((h) => `**${inline(h.name)} could not be audited**: ${inline(clip(h.failed ?? '', 1000))}`),
    overview(report),
    ...severities.flatMap((severity) =>
      byId(report.findings.filter((f) => f.severity === severity)).map(chapter),
    ),
    letBe(report),
    ...matrix(report),
    ...report.hosts.flatMap((h) =>
      h.diff ? [`## Diff of ${inline(h.name)}\n\n${fence(h.diff.split('\n'), 'diff')}`] : [],
    ),
  ]
    .filter(Boolean)
    .join('\n\n')}\n`
}

function overview({ findings, hosts }: AuditReport): string {
  const all = counts(findings)
  if (all.length === 0) return ''
  const names = [...new Set([...hosts.map((h) => h.name), ...findings.map((f) => f.host)])]
  return rows(
    ['host', ...all.map(([severity]) => severity)],
    names.map((name) => [
      inline(name),
      ...all.map(([severity]) =>
        String(findings.filter((f) => f.host === name && f.severity === severity).length || ''),
      ),
    ]),
  )
}

function chapter(same: readonly [Finding, ...Finding[]]): string {
  const [{ id, severity, meaning, fix }] = same
  return [
    `## ${severity}: ${id} ${inline(titleOf(id))}`,
    prose(meaning),
    ...same.map(
      ({ host, subject, level, evidence }) =>
        `**${inline(host)}** ${inline(clip(subject, 300))} (${level})\n\n${fence(some(evidence, 8))}`,
    ),
    `→ ${prose(fix)}`,
  ].join('\n\n')
}

function letBe({ waived, known }: AuditReport): string {
  if (waived.length + known.length === 0) return ''
  const row = (f: Finding, why: string) => [f.id, inline(f.host), inline(clip(f.subject, 300)), why]
  return `## Let be\n\n${rows(
    ['id', 'host', 'what', 'why'],
    [
      ...waived.map((f) =>
        row(
          f,
          inline(
            `waived until ${f.waiver.until}: ${clip(f.waiver.reason, 300)}${f.waiver.owner ? ` (${f.waiver.owner})` : ''}`,
          ),
        ),
      ),
      ...known.map((f) => row(f, 'known from the baseline')),
    ],
  )}`
}

function matrix(report: AuditReport): readonly string[] {
  if (report.matrix.length === 0) return []
  const { columns, rows: lines } = reachTable(report.matrix)
  return [
    '## Reach',
    rows(
      ['to', 'port', 'IP', ...columns.map((c) => `from ${inline(names(c, 3))}`), 'for'],
      lines.map((row) => [
        inline(names(row.to)),
        row.what,
        row.families,
        ...row.cells.map((cell) => {
          if (!cell) return ''
          const text = `${cellText(cell)}${report.probed && cell.observed === undefined ? '\\*' : ''}`
          return verdictOf(cell) === 'good' ? text : `**${text}**`
        }),
        inline(clip(row.reason, 100)),
      ]),
    ),
    inline(legend(report.probed)),
  ]
}

function rows(head: readonly string[], body: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** Text that stays text: no markup, no link, no mention, no new line. */
function inline(text: string): string {
  return visible(text)
    .replaceAll('&', '&amp;')
    .replaceAll(/[\\`*_{}[\]#|~!]/g, '\\$&')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('@', '&#64;')
    .replaceAll('://', '&#58;//')
}

/** The same, with commands between backticks as code. */
function prose(text: string): string {
  return visible(text)
    .split(/(`[^`]+`)/)
    .map((part, i) => (i % 2 === 1 ? part : inline(part)))
    .join('')
}

/** A block of code whose fence is longer than any inside it. */
function fence(lines: readonly string[], language = ''): string {
  const shown = lines.map((line) => clip(visible(line), 500))
  const longest = Math.max(
    2,
    ...shown.flatMap((line) => [...line.matchAll(/`+/g)].map(([run]) => run.length)),
  )
  const ticks = '`'.repeat(longest + 1)
  return [`${ticks}${language}`, ...shown, ticks].join('\n')
}
