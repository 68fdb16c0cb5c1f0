import { expect, test } from 'vitest'
import type { ReachCell } from '../../../src/audit/finding.ts'
import { cellText, verdictOf } from '../../../src/report/audit/cell.ts'
import { reachTable } from '../../../src/report/audit/matrix.ts'
import { cleanReport, report } from './fixture.ts'

const cell: ReachCell = {
  from: 'any',
  to: 'db1',
  family: 4,
  protocol: 'tcp',
  port: 22,
  expected: 'closed',
  effect: 'closed',
}
const open: ReachCell = { ...cell, expected: 'open', effect: 'open' }

test.each<readonly [Partial<ReachCell>, string, string]>([
  [{}, 'good', 'closed'],
  [{ observed: 'silent' }, 'good', 'closed'],
  [{ observed: 'refused' }, 'good', 'closed'],
  [{ effect: 'open' }, 'exposed', '✘ closed/open'],
  [{ observed: 'answered' }, 'exposed', '✘ closed/closed/answered'],
  [{ effect: 'open', observed: 'silent' }, 'exposed', '✘ closed/open/silent'],
  [{ effect: 'unknown' }, 'unknown', '? closed/unknown'],
  [{ effect: 'unknown', observed: 'refused' }, 'unknown', '? closed/unknown/refused'],
])('where it must be closed, %o is %s', (change, verdict, text) => {
  expect(verdictOf({ ...cell, ...change })).toBe(verdict)
  expect(cellText({ ...cell, ...change })).toBe(text)
})

test.each<readonly [Partial<ReachCell>, string, string]>([
  [{}, 'good', 'open'],
  [{ observed: 'answered' }, 'good', 'open'],
  [{ observed: 'refused' }, 'good', 'refused'],
  [{ effect: 'closed' }, 'blocked', '✘ open/closed'],
  [{ observed: 'silent' }, 'blocked', '✘ open/open/silent'],
  [{ observed: 'silent', protocol: 'udp' }, 'good', 'open'],
  [{ effect: 'unknown' }, 'unknown', '? open/unknown'],
  [{ effect: 'unknown', observed: 'answered' }, 'good', 'open'],
  [{ effect: 'closed', observed: 'answered' }, 'unknown', '? open/closed/answered'],
])('where it must be open, %o is %s', (change, verdict, text) => {
  expect(verdictOf({ ...open, ...change })).toBe(verdict)
  expect(cellText({ ...open, ...change })).toBe(text)
})

test('equal hosts and ports of one reason are one row, and a row that differs stands alone', () => {
  const rows = reachTable(cleanReport().matrix).rows.map((r) => `${r.to.join(' ')}: ${r.what}`)
  expect(rows).toHaveLength(10)
  expect(rows).toContain('db1 db2 db3: tcp 2377, 7946')
  const holes = reachTable(report().matrix).rows.filter((r) => !r.isGood)
  expect(holes.map((r) => `${r.to.join(' ')}: ${r.what}`)).toEqual([
    'db1: tcp 2379',
    'db2: tcp 8008',
    'db3: udp 4789',
  ])
})

test('no cell is lost by folding: each is shown in the row and column that stand for it', () => {
  const { matrix } = report()
  const { columns, rows } = reachTable(matrix)
  for (const one of matrix) {
    const x = columns.findIndex((names) => names.includes(one.from))
    const ports = (what: string) => what.split(' ').slice(1).join(' ').split(', ')
    const shown = rows.filter(
      (r) =>
        r.to.includes(one.to) &&
        r.what.startsWith(one.protocol) &&
        (one.port === undefined || ports(r.what).includes(String(one.port))),
    )
    expect(shown).toHaveLength(1)
    const [row] = shown
    expect(cellText(row?.cells[x] ?? cell)).toBe(cellText(one))
  }
})

/** Every host asks every other one; a host does not ask itself. */
const mesh = (hosts: readonly string[], change: (c: ReachCell) => ReachCell = (c) => c) =>
  hosts.flatMap((to) =>
    hosts
      .filter((from) => from !== to)
      .flatMap((from) => ([4, 6] as const).map((family) => change({ ...open, from, to, family }))),
  )

test('twenty hosts that all reach each other over both families are one row and one column', () => {
  const hosts = Array.from({ length: 20 }, (_, i) => `db${i + 1}`)
  const { columns, rows } = reachTable(mesh(hosts))
  expect(columns).toEqual([hosts])
  expect(rows).toHaveLength(1)
  expect(rows[0]).toMatchObject({ to: hosts, what: 'tcp 22', families: 'v4 v6', isGood: true })
})

test('one host that cannot come to one other is seen among all that can', () => {
  const matrix = mesh(['db1', 'db2', 'db3'], (c) =>
    c.from === 'db2' && c.to === 'db3' && c.family === 6 ? { ...c, effect: 'closed' } : c,
  )
  const { rows } = reachTable(matrix)
  expect(rows.filter((r) => !r.isGood).map((r) => [r.to, r.families])).toEqual([[['db3'], 'v6']])
})

test('an empty matrix is an empty table', () => {
  expect(reachTable([])).toEqual({ columns: [], rows: [] })
})
