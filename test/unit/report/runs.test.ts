import { expect, test } from 'vitest'
import { formatRun, formatRuns } from '../../../src/report/runs.ts'
import { runsOf } from '../../../src/report/runs-of.ts'

const record = (host: string, at: string, more: object = {}) => ({
  host,
  at: `2027-01-31T03:00:${at}.000Z`,
  who: 'ops@desk pid 7',
  playbook: 'site',
  changed: ['file[/a]'],
  ...more,
})

test('records of all hosts become runs, the newest first; one failed host is a failed run', () => {
  const started = { id: 'r2', startedAt: '2027-01-31T03:00:10.000Z' }
  const runs = runsOf([
    record('h1', '05', { id: 'r1', startedAt: '2027-01-31T03:00:01.000Z', commit: 'abc1234' }),
    record('h1', '20', started),
    record('h2', '31', { ...started, failed: true, changed: ['pkg[a]', 'pkg[b]'] }),
    record('h3', '00'),
  ])
  expect(runs.map((r) => [r.id, r.seconds, r.failed])).toEqual([
    ['r2', 21, true],
    ['r1', 4, false],
    ['2027-01-31T03:00:00.000Z h3', 0, false],
  ])
  const text = formatRuns(runs)
  expect(text).toMatch(/r2 +2027-01-31 03:00:10 +21 s +ops@desk pid 7 +site +h1 1, h2 2 {2}FAILED/)
  expect(text).toMatch(/r1 .*abc1234/)
  expect(formatRun(runs[0] as (typeof runs)[number])).toMatch(/h2 {2}FAILED\n {2}pkg\[a\]\n {2}pkg\[b\]\n/)
})

test('no run at all is an answer', () => {
  expect(formatRuns([])).toBe('no run has changed these hosts yet\n')
})
