import type { PortRow } from '../audit/port-matrix.ts'
import { table } from './table.ts'

const heads = ['', 'role', 'from', 'to', 'protocol', 'ports', 'for', 'owner', 'until'] as const

/** The matrix as a table. `hosts` is how many there are: a line for all of them says `all`. */
export function formatPortMatrix(rows: readonly PortRow[], hosts: number): string {
  const lines = table(
    heads,
    rows.map((row) => cellsOf(row, hosts)),
  )
  return [lines, '', 'Everything else is closed, for IPv4 and IPv6.', ''].join('\n')
}

/** The same for a document. */
export function markdownPortMatrix(rows: readonly PortRow[], hosts: number): string {
  const line = (cells: readonly string[]) => `| ${cells.map((c) => c.replaceAll('|', '\\|')).join(' | ')} |`
  const body = rows.map((row) => line(cellsOf(row, hosts)))
  return [
    line(heads),
    line(heads.map(() => '---')),
    ...body,
    '',
    'Everything else is closed, for IPv4 and IPv6.',
    '',
  ].join('\n')
}

function cellsOf(row: PortRow, hosts: number): readonly string[] {
  const { act, by, from, addresses, to, protocol, ports, reason, owner = '', until = '' } = row
  // Names that are addresses already need no second telling.
  const known = addresses.filter((address) => !from.includes(address))
  const shown = known.length > 4 ? [...known.slice(0, 3), `${known.length - 3} more`] : known
  return [
    act,
    by,
    shown.length > 0 ? `${from.join(', ')} (${shown.join(', ')})` : from.join(', '),
    to.length === hosts ? 'all' : to.join(', '),
    protocol,
    ports.join(', '),
    reason,
    owner,
    until,
  ]
}
