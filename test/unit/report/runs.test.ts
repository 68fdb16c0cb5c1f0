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

const asked = { file: 'playbooks/upgrade.ts', set: ['images.edition=20270131'] }
const note = (host: string, id: string, second: string, more: object = {}) => ({
  host,
  id,
  startedAt: `2027-01-31T03:00:${second}.000Z`,
  who: 'ops@desk pid 7',
  playbook: 'upgrade',
  asked,
  isRunning: false,
  ...more,
})
const doneRun = (id: string, second: string, more: object = {}) =>
  record('h1', '59', { id, startedAt: `2027-01-31T03:00:${second}.000Z`, asked, ...more })

test('a run that did not end well is told, with the command that takes it over', () => {
  const runs = runsOf([doneRun('r0', '01')], [note('h1', 'r1', '10'), note('h2', 'r1', '10')])
  expect(runs.map((r) => [r.id, r.unfinished?.hosts])).toEqual([
    ['r1', ['h1', 'h2']],
    ['r0', undefined],
  ])
  const text = formatRuns(runs)
  expect(text).toMatch(/r1 .*NOT FINISHED\n/)
  expect(text).toContain(
    'r1 did not finish on h1, h2 (playbooks/upgrade.ts --set images.edition=20270131)\n  → provision resume r1',
  )
  expect(formatRuns(runsOf([], [note('h1', 'r1', '10', { isRunning: true })]))).toMatch(/r1 .*RUNNING NOW\n/)
})

test('a later run of the same kind makes a note obsolete: one that ended well, or one that was begun; no other does', () => {
  const open = (...given: Parameters<typeof runsOf>) =>
    runsOf(...given).flatMap((r) => (r.unfinished ? [r.id] : []))
  const notes = [note('h1', 'r1', '10')]
  expect(open([doneRun('r2', '20')], notes)).toEqual([])
  expect(open([], [...notes, note('h2', 'r2', '20')])).toEqual(['r2'])
  expect(open([doneRun('r2', '20', { failed: true })], notes)).toEqual(['r1'])
  expect(open([doneRun('r2', '20', { asked: { ...asked, limit: 'h1' } })], notes)).toEqual(['r1'])
  expect(open([doneRun('r0', '01')], notes)).toEqual(['r1'])
})
