import type { AuditReport, ReachCell } from '../../audit/finding.ts'
import { cellText, legend, verdictOf } from './cell.ts'
import { html, type Markup } from './html-tag.ts'
import { reachTable } from './matrix.ts'
import { names } from './names.ts'
import { clip } from './words.ts'

/** Who reaches what, as a table that scrolls under its first column on a narrow screen. */
export function htmlMatrix(report: AuditReport): Markup {
  const { columns, rows } = reachTable(report.matrix)
  return html`<h2>Reach</h2>
<p class="soft">From the head of a column to the host and port of a row. ${legend(report.probed)}.</p>
<div class="wide" tabindex="0" role="region" aria-label="Reach"><table class="reach">
<thead><tr><th>to</th>${columns.map((c) => html`<th>${names(c, 3)}</th>`)}<th>for</th></tr></thead>
<tbody>${rows.map(
    (row) =>
      html`\n<tr><th scope="row">${row.what}<small>${names(row.to)} · ${row.families}</small></th>${row.cells.map((cell) => cellOf(cell, report.probed))}<td class="for">${clip(row.reason, 200)}</td></tr>`,
  )}
</tbody></table></div>
`
}

function cellOf(cell: ReachCell | undefined, probed: boolean): Markup {
  if (!cell) return html`<td class="none">·</td>`
  const verdict = verdictOf(cell)
  const text = `${cellText(cell)}${probed && cell.observed === undefined ? '*' : ''}`
  return html`<td class="${verdict === 'good' ? cell.expected : verdict}">${text}</td>`
}
