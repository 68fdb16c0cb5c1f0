import type { AuditReport, ReachCell } from '../../audit/finding.ts'
import { verdictOf } from './cell.ts'
import { html, type Markup } from './html-tag.ts'
import { reachTable } from './matrix.ts'
import { names } from './names.ts'
import { clip } from './words.ts'

/** Who reaches what, as a table that scrolls under its first column on a narrow screen. */
export function htmlMatrix(report: AuditReport): Markup {
  const { columns, rows } = reachTable(report.matrix)
  return html`<h2>Reach</h2>
<p class="soft">From the head of a column to the host and port of a row. ✘ is not what the inventory says, ? cannot be
said${report.probed && '; refused: let in, but nobody listens; *: by the rules only, not tried'}.</p>
<div class="wide" tabindex="0" role="region" aria-label="Reach"><table class="reach">
<thead><tr><th>to</th>${columns.map((c) => html`<th scope="col">${names(c, 3)}</th>`)}<th>for</th></tr></thead>
<tbody>${rows.map(
    (row) =>
      html`\n<tr><th scope="row">${row.what}<small>${names(row.to)} · ${row.families}</small></th>${row.cells.map((cell) => cellOf(cell, report.probed))}<td class="for">${clip(row.reason, 200)}</td></tr>`,
  )}
</tbody></table></div>
`
}

function cellOf(cell: ReachCell | undefined, probed: boolean): Markup {
  if (!cell) return html`<td class="none">·</td>`
  const { expected, observed } = cell
  const verdict = verdictOf(cell)
  const star = probed && observed === undefined && '*'
  if (verdict === 'good')
    return html`<td class="${expected}">${expected === 'open' && observed === 'refused' ? observed : expected}${star}</td>`
  const mark = verdict === 'unknown' ? '?' : '✘'
  // The rules may agree with the policy where a real connection does not: then that is the news.
  const isMet = cell.effect === expected && observed !== undefined
  const [news, beside] = isMet ? [observed, `the rules say ${cell.effect}`] : [cell.effect, observed]
  const why = [`must be ${expected}`, ...(beside ? [beside] : [])].join('; ')
  return html`<td class="${verdict}">${mark} ${news}${star}<small>${why}</small></td>`
}
