import { expect, test } from 'vitest'
import { catalogue, families, finding, findingIds } from '../../../src/audit/catalogue.ts'

test('every id belongs to a family, and every family has ids', () => {
  const used = new Set(findingIds.map((id) => id.slice(0, 4)))
  expect([...used].toSorted()).toEqual(Object.keys(families))
})

test('meaning and fix are one sentence each, and no two findings have one title', () => {
  for (const id of findingIds) {
    expect(catalogue[id].meaning, id).toMatch(/^[A-Z"].*\.$/)
    expect(catalogue[id].fix, id).toMatch(/^[A-Z].*\.$/)
    expect(catalogue[id].title, id).not.toMatch(/\.$/)
  }
  expect(new Set(findingIds.map((id) => catalogue[id].title)).size).toBe(findingIds.length)
})

test('a finding takes severity, meaning and fix from the catalogue, and its level unless it says another', () => {
  const seen = { host: 'db1', subject: 'tcp 2379 from any, v4', evidence: ['-A INPUT -p tcp -j ACCEPT'] }
  expect(finding('FW020', seen)).toEqual({
    id: 'FW020',
    severity: 'critical',
    level: 'effect',
    meaning: catalogue.FW020.meaning,
    fix: catalogue.FW020.fix,
    ...seen,
  })
  expect(finding('FW020', { ...seen, level: 'reach' }).level).toBe('reach')
})
