import type { AuditReport, ReachCell } from '../../audit/finding.ts'
import type { Paint } from '../color.ts'
import { table } from '../table.ts'
import { cellText, legend, verdictOf } from './cell.ts'
import { type ReachRow, reachTable } from './matrix.ts'
import { names } from './names.ts'
import { short, visible } from './words.ts'
import { wrap } from './wrap.ts'

/**
 * Who reaches what: a row for each host and port, a column for each source; several tables where one is too wide. What
 * a port is for stands at the end, as far as there is room.
 */
export function textMatrix(report: AuditReport, p: Paint, width: number): string {
  const { columns, rows } = reachTable(report.matrix)
  const withFamily = new Set(rows.map((r) => r.families)).size > 1
  const labelHead = ['', 'to', 'port', ...(withFamily ? ['IP'] : [])]
  const labels = rows.map((row) => [
    markOf(row),
    short(names(row.to), 24),
    row.what,
    ...(withFamily ? [row.families] : []),
  ])
  const cells = rows.map((row) => row.cells.map((cell) => (cell ? shown(cell, report.probed) : '·')))
  const heads = columns.map((column) => short(names(column, 3), 24))
  const labelWidth = sum(widthsOf([labelHead, ...labels]))
  const widths = widthsOf([heads, ...cells])
  return [
    p('bold', 'REACH') + p('dim', `  from (columns) to (rows)${withFamily ? '' : familyOf(rows)}`),
    ...chunks(widths, width - labelWidth).map((part) => {
      const room = width - labelWidth - sum(part.map((i) => widths[i] ?? 0))
      const withReason = room >= 12
      return table(
        [...labelHead, ...part.map((i) => heads[i] ?? ''), ...(withReason ? ['for'] : [])],
        rows.map((row, y) => [
          ...(labels[y] ?? []).map((text, i) => p(i === 0 ? 'red' : i === 1 ? 'bold' : [], text)),
          ...part.map((i) => colored(row.cells[i], cells[y]?.[i] ?? '', p)),
          ...(withReason ? [p('dim', short(visible(row.reason), room))] : []),
        ]),
      )
    }),
    p('dim', wrap(legend(report.probed), width, '')),
  ].join('\n')
}

function markOf(row: ReachRow): string {
  if (row.isGood) return ''
  const isWrong = row.cells.some((c) => c && ['exposed', 'blocked'].includes(verdictOf(c)))
  return isWrong ? '✘' : '?'
}

/** What each column takes, with the space after it. */
function widthsOf(rows: readonly (readonly string[])[]): readonly number[] {
  return (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)) + 2)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0)
}

function shown(cell: ReachCell, probed: boolean): string {
  return `${cellText(cell)}${probed && cell.observed === undefined ? '*' : ''}`
}

function colored(cell: ReachCell | undefined, text: string, p: Paint): string {
  if (!cell) return p('dim', text)
  switch (verdictOf(cell)) {
    case 'exposed':
      return p(['bold', 'red'], text)
    case 'blocked':
      return p('magenta', text)
    case 'unknown':
      return p('yellow', text)
    case 'good':
      return p(cell.expected === 'open' ? 'green' : 'dim', text)
  }
}

function familyOf(rows: readonly ReachRow[]): string {
  const [row] = rows
  return row ? `, IP${row.families.replace(' ', ' and IP')}` : ''
}

/** Numbers of columns that fit beside each other; one that is too wide alone has a table of its own. */
function chunks(widths: readonly number[], room: number): readonly (readonly number[])[] {
  const parts: number[][] = [[]]
  let left = room
  for (const [i, wide] of widths.entries()) {
    if (wide > left && parts.at(-1)?.length) {
      parts.push([])
      left = room
    }
    parts.at(-1)?.push(i)
    left -= wide
  }
  return parts
}
