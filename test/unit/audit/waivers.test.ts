import { expect, test } from 'vitest'
import { finding } from '../../../src/audit/catalogue.ts'
import { applyWaivers, auditVars, type Waiver } from '../../../src/audit/waivers.ts'
import { waiversOf } from '../../../src/cli/audit-command.ts'
import { checkRoles } from '../../../src/inventory/index.ts'
import { complaint, hostOf, load } from '../inventory/support.ts'

const today = '2026-05-04'
const scope = { known: ['db1', 'db2', 'db3'], audited: ['db1', 'db2'], probed: false }
const open = finding('FW028', { host: 'db1', subject: 'tcp 80 from any, v4', evidence: ['rule 7'] })
const other = finding('FW028', { host: 'db1', subject: 'tcp 81 from any, v4', evidence: ['rule 8'] })
const waiver: Waiver = {
  id: 'FW028',
  host: 'db1',
  subject: open.subject,
  reason: 'certificate renewal',
  owner: 'ops',
  until: '2026-06-01',
}
const ids = (findings: readonly { readonly id: string }[]) => findings.map((f) => f.id)

test('what a waiver names is waived with its reason, the rest stands', () => {
  const { findings, waived } = applyWaivers([open, other], [waiver], today, scope)
  expect(findings).toEqual([other])
  expect(waived).toEqual([
    { ...open, waiver: { reason: 'certificate renewal', until: '2026-06-01', owner: 'ops' } },
  ])
})

test('without a subject a waiver lets every finding of its id on its host be, and none on another host', () => {
  const { subject: _, ...wide } = waiver
  const elsewhere = { ...open, host: 'db2' }
  const { findings, waived } = applyWaivers([open, other, elsewhere], [wide], today, scope)
  expect(findings).toEqual([elsewhere])
  expect(waived).toHaveLength(2)
})

test('a waiver holds on its last day and is a finding the day after, beside what it hid', () => {
  expect(ids(applyWaivers([open], [waiver], '2026-06-01', scope).findings)).toEqual([])
  const { findings, waived } = applyWaivers([open], [waiver], '2026-06-02', scope)
  expect(ids(findings)).toEqual(['FW028', 'FW003'])
  expect(findings[1]?.evidence.join()).toContain('certificate renewal; until 2026-06-01, ops')
  expect(waived).toEqual([])
})

test('a waiver for an id or a host that does not exist is a finding', () => {
  const { findings } = applyWaivers(
    [],
    [
      { ...waiver, id: 'FW999' },
      { ...waiver, host: 'db9' },
    ],
    today,
    scope,
  )
  expect(ids(findings)).toEqual(['FW004', 'FW004'])
  expect(findings.map((f) => f.evidence[0])).toEqual(['there is no FW999', 'the inventory has no host db9'])
})

test('a waiver that matches nothing is a low finding, but only where its host was looked at', () => {
  const { findings } = applyWaivers([], [waiver, { ...waiver, host: 'db3' }], today, scope)
  expect(findings.map((f) => [f.id, f.severity, f.host])).toEqual([['FW005', 'low', 'db1']])
})

test('a waiver of what only probes show is not called useless without --probe', () => {
  const silent = { ...waiver, id: 'FW041' }
  expect(ids(applyWaivers([], [silent], today, scope).findings)).toEqual([])
  expect(ids(applyWaivers([], [silent], today, { ...scope, probed: true }).findings)).toEqual(['FW005'])
})

const inventory = (waivers: string) => load(`vars: { audit: { waivers: ${waivers} } }\nhosts: { db1: }\n`)

test('waivers of the inventory are checked like all vars: a slip of the hand is an error at its place', () => {
  const wrong = inventory('[{ id: FW28, hots: db1, reason: x, until: tomorrow }]')
  const said = complaint(() => checkRoles(wrong, [auditVars]))
  expect(said).toContain('F:1:')
  expect(said).toContain('FW28')
  expect(said).toContain('hots')
  expect(said).toContain('tomorrow')
})

test('waivers of the inventory come out as they were written, and none is fine', () => {
  const given = inventory('[{ id: FW028, host: db1, reason: x, until: 2026-06-01 }]')
  expect(given.varsFor(hostOf(given, 'db1'), auditVars)).toEqual({
    waivers: [{ id: 'FW028', host: 'db1', reason: 'x', until: '2026-06-01' }],
    unusedAfterDays: 90,
  })
  const none = load('hosts: { db1: }\n')
  expect(none.varsFor(hostOf(none, 'db1'), auditVars)).toEqual({ waivers: [], unusedAfterDays: 90 })
})

test('a waiver said for all hosts counts once; one said for a host alone counts too', () => {
  const said = load(`vars: { audit: { waivers: [{ id: FW028, host: db1, reason: x, until: 2026-06-01 }] } }
hosts:
  db1:
  db2:
  db3: { vars: { audit: { waivers: [{ id: FW091, host: db3, reason: y, until: 2026-06-01 }] } } }
`)
  expect(waiversOf(said).map((w) => `${w.id} ${w.host}`)).toEqual(['FW028 db1', 'FW091 db3'])
})
