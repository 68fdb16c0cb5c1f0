import { expect, test } from 'vitest'
import type { Collected } from '../../../src/audit/audit.ts'
import { keyOf } from '../../../src/audit/baseline.ts'
import { exitCodeOf, settle } from '../../../src/audit/settle.ts'
import { cleanReport, findings, report } from './fixture.ts'

test('a report is what was collected, less what is waived, less what the baseline knew, worst first', () => {
  const { waived: _, known: __, ...rest } = report()
  const collected: Collected = { ...rest, findings: findings().toReversed() }
  const [first, second, ...others] = findings()
  if (!first || !second) throw new Error('no findings')
  const settled = settle(collected, {
    waivers: [{ id: first.id, host: first.host, reason: 'x', until: '2026-05-04' }],
    known: ['db1', 'db2', 'db3'],
    baseline: new Set([keyOf(second)]),
  })
  expect(settled.waived.map((f) => f.id)).toEqual([first.id])
  expect(settled.known).toEqual([second])
  expect(settled.findings).toEqual(others)
})

test('0 when clean, 2 for findings at or above --fail-on', () => {
  expect(exitCodeOf(cleanReport(), 'low')).toBe(0)
  expect(exitCodeOf(report(), 'critical')).toBe(2)
  const low = report({ findings: findings().filter((f) => f.severity === 'low') })
  expect(exitCodeOf(low, 'low')).toBe(2)
  expect(exitCodeOf(low, 'medium')).toBe(0)
})

test('waived and known findings do not fail an audit', () => {
  expect(exitCodeOf(report({ findings: [] }), 'low')).toBe(0)
})

test('a host that could not be audited is 3, whatever else was found', () => {
  const [db1, ...others] = report().hosts
  if (!db1) throw new Error('no hosts')
  const hosts = [{ ...db1, failed: 'connection refused' }, ...others]
  expect(exitCodeOf(report({ hosts }), 'critical')).toBe(3)
  expect(exitCodeOf({ ...cleanReport(), hosts }, 'low')).toBe(3)
})
