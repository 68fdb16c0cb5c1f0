import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readBaseline, sinceBaseline } from '../../../src/audit/baseline.ts'
import { InputError } from '../../../src/errors.ts'
import { findings } from './fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'provision-baseline-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'before.json')

function baseline(value: unknown) {
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value))
  return readBaseline(file)
}

function refusal(act: () => unknown) {
  try {
    act()
  } catch (error) {
    if (error instanceof InputError) return error.failure
  }
  throw new Error('it was not refused')
}

test('only what is new since the baseline is left; evidence may have changed, the rest is known', () => {
  const [first, second, ...rest] = findings()
  if (!first || !second) throw new Error('no findings')
  const before = baseline({ findings: [{ ...first, evidence: ['other counters'] }], known: [second] })
  expect(sinceBaseline(findings(), before)).toEqual({ findings: rest, known: [first, second] })
})

test('what was waived in the baseline is news when its waiver has ended', () => {
  const before = baseline({ findings: [], known: [], waived: findings() })
  expect(sinceBaseline(findings(), before).known).toEqual([])
})

test('a baseline that is missing, no JSON or no report is refused with what, why and what next', () => {
  const next = 'make one with: provision audit firewall --output json --out FILE'
  expect(refusal(() => readBaseline(join(folder, 'none.json')))).toMatchObject({
    what: `cannot read the baseline ${join(folder, 'none.json')}`,
    why: expect.stringContaining('ENOENT'),
    next,
  })
  expect(refusal(() => baseline('{"findings": ['))).toMatchObject({
    what: `the baseline ${file} is not JSON`,
    next,
  })
  for (const value of [null, 7, [], {}, { findings: {} }, { findings: [], known: 'x' }])
    expect(refusal(() => baseline(value))).toMatchObject({ why: 'it has no list of findings', next })
  expect(refusal(() => baseline({ findings: [{ id: 'FW001' }] }))).toMatchObject({
    what: `the baseline ${file} is no report of an audit`,
    why: 'a finding without id, host or subject: {"id":"FW001"}',
  })
})
