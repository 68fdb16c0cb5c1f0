import type { ReachCell } from '../../audit/finding.ts'
import { cellText, verdictOf } from './cell.ts'

/** One line of the folded matrix: everything it stands for has the same cells. */
export interface ReachRow {
  readonly to: readonly string[]
  /** `tcp 2377, 7946` */
  readonly what: string
  /** `v4`, `v6`, `v4 v6` */
  readonly families: string
  readonly reason: string
  /** One for each column; undefined where the question makes no sense (a host to itself). */
  readonly cells: readonly (ReachCell | undefined)[]
  readonly isGood: boolean
}

export interface ReachTable {
  readonly columns: readonly (readonly string[])[]
  readonly rows: readonly ReachRow[]
}

interface Row {
  readonly to: readonly string[]
  readonly families: readonly number[]
  readonly protocol: ReachCell['protocol']
  readonly ports: readonly (number | undefined)[]
  readonly reason: string
  readonly cells: ReadonlyMap<string, ReachCell>
}

const protocols = ['tcp', 'udp', 'vrrp', 'ping']

/** The matrix with equal families, hosts and ports in one row, and equal hosts in one column. */
export function reachTable(matrix: readonly ReachCell[]): ReachTable {
  const single = [...Map.groupBy(matrix, (c) => [c.to, c.family, c.protocol, c.port].join(' ')).values()]
  const byFamily = fold(single.flatMap(rowOf), (r) => [r.to, r.protocol, r.ports, r.reason])
  const byHost = fold(byFamily, (r) => [r.families, r.protocol, r.ports, r.reason])
  const rows = fold(byHost.toSorted(byPort), (r) => [r.to, r.families, r.protocol, r.reason])
  const columns = columnsOf(matrix, rows)
  return { columns, rows: rows.map((row) => shown(row, columns)) }
}

function rowOf(cells: readonly ReachCell[]): readonly Row[] {
  const [first] = cells
  if (!first) return []
  const { to, family, protocol, port, reason = '' } = first
  return [
    {
      to: [to],
      families: [family],
      protocol,
      ports: [port],
      reason,
      cells: new Map(cells.map((c) => [c.from, c])),
    },
  ]
}

/** Puts rows of one `key` together as far as their cells agree. */
function fold(rows: readonly Row[], key: (row: Row) => unknown): readonly Row[] {
  const folded: Row[] = []
  const places = new Map<string, number[]>()
  for (const row of rows) {
    const group = JSON.stringify(key(row))
    const candidates = places.get(group) ?? []
    const place = candidates.find((i) => agree(folded[i], row))
    const before = place === undefined ? undefined : folded[place]
    if (place !== undefined && before) folded[place] = together(before, row)
    else places.set(group, [...candidates, folded.push(row) - 1])
  }
  return folded
}

/** A missing cell agrees with any only where it is that of a host to itself. */
function agree(a: Row | undefined, b: Row): boolean {
  if (!a) return false
  return [...new Set([...a.cells.keys(), ...b.cells.keys()])].every((from) => {
    const [one, other] = [a.cells.get(from), b.cells.get(from)]
    if (one && other) return sameText(one, other)
    return (one ? b : a).to.includes(from)
  })
}

function together(a: Row, b: Row): Row {
  const unique = <T>(one: readonly T[], other: readonly T[]) => [...new Set([...one, ...other])]
  return {
    ...a,
    to: unique(a.to, b.to),
    families: unique(a.families, b.families),
    ports: unique(a.ports, b.ports),
    cells: new Map([...b.cells, ...a.cells]),
  }
}

/** The machine of the audit first, then hosts, then groups of sources; hosts that are told the same everywhere are one. */
function columnsOf(matrix: readonly ReachCell[], rows: readonly Row[]): readonly (readonly string[])[] {
  const targets = new Set(matrix.map((c) => c.to))
  const sources = new Set(matrix.map((c) => c.from))
  const order = [...new Set(['control', ...targets, ...sources])].filter((name) => sources.has(name))
  const columns: string[][] = []
  for (const name of order) {
    const same = targets.has(name)
      ? columns.find((names) => names.every((n) => targets.has(n) && columnsAgree(rows, n, name)))
      : undefined
    if (same) same.push(name)
    else columns.push([name])
  }
  return columns
}

function columnsAgree(rows: readonly Row[], a: string, b: string): boolean {
  return rows.every(({ to, cells }) => {
    const [one, other] = [cells.get(a), cells.get(b)]
    if (one && other) return sameText(one, other)
    return one || other ? to.includes(one ? b : a) : true
  })
}

function sameText(a: ReachCell, b: ReachCell): boolean {
  return cellText(a) === cellText(b) && (a.observed === undefined) === (b.observed === undefined)
}

function byPort(a: Row, b: Row): number {
  return (
    protocols.indexOf(a.protocol) - protocols.indexOf(b.protocol) || (a.ports[0] ?? 0) - (b.ports[0] ?? 0)
  )
}

function shown(row: Row, columns: readonly (readonly string[])[]): ReachRow {
  const ports = row.ports.flatMap((port) => (port === undefined ? [] : [port]))
  return {
    to: row.to,
    what: `${row.protocol}${ports.length > 0 ? ` ${ports.join(', ')}` : ''}`,
    families: row.families.map((family) => `v${family}`).join(' '),
    reason: row.reason,
    cells: columns.map((names) =>
      names.map((name) => row.cells.get(name)).find((cell) => cell !== undefined),
    ),
    isGood: [...row.cells.values()].every((cell) => verdictOf(cell) === 'good'),
  }
}
