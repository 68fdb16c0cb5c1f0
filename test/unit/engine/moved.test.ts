import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { lockScript } from '../../../src/engine/journal.ts'
import type { Moment } from '../../../src/engine/options.ts'
import { type RunOptions, run } from '../../../src/engine/run.ts'
import { command, playbook, role, t } from '../../../src/index.ts'
import type { Event } from '../../../src/model/event.ts'
import type { Resources } from '../../../src/model/resource.ts'
import { FolderHost } from '../../support/folder-host.ts'

const hosts: FolderHost[] = []
afterEach(() => {
  for (const { folder } of hosts.splice(0)) rmSync(folder, { recursive: true })
})

function newHost(name = 'h1'): FolderHost {
  const host = new FolderHost(name)
  hosts.push(host)
  return host
}

/** A file of that name in the host's folder. */
const touch = (name: string, more: object = {}) =>
  command(name, { unless: `test -e ${name}`, run: `touch ${name}`, ...more })

type Asked = { readonly moment: Moment; readonly steps: readonly string[]; readonly moved: readonly string[] }

/** Runs `resources`, and answers with `answers` one after the other; `meanwhile` happens while the first is given. */
async function go(
  all: readonly FolderHost[],
  resources: Resources,
  answers: readonly (boolean | 'asked')[],
  meanwhile: () => Promise<void> = async () => {},
  options: Partial<RunOptions> = {},
) {
  const asked: Asked[] = []
  const events: Event[] = []
  const wishes = role({ name: 'wishes', vars: t.Object({}), resources: () => resources })
  const result = run({
    playbook: playbook('test', { on: 'all', roles: [wishes] }),
    inventoryFile: 'none',
    hostsOf: () => all.map((h) => h.host),
    varsOf: () => ({}),
    connect: async ({ name }) => all.find((h) => h.host.name === name) as FolderHost,
    report: (event) => events.push(event),
    mode: 'run',
    diff: false,
    root: process.cwd(),
    signal: new AbortController().signal,
    id: 'test',
    startedAt: '2026-01-01T00:00:00.000Z',
    who: 'test',
    asked: { file: 'test.ts' },
    async approve(plans, moment, moved = []) {
      const steps = plans.flatMap((p) => p.steps.map((s) => `${p.host} ${s.id}`))
      asked.push({ moment, steps, moved })
      if (asked.length === 1) await meanwhile()
      return answers[asked.length - 1] ?? false
    },
    ...options,
  })
  return { result: await result.catch((error: Error) => error), asked, events }
}

/** Another run that locks the host, changes something, and ends. */
async function anotherRun(host: FolderHost, change: () => void): Promise<void> {
  const { line, release } = await host.hold(lockScript('alice', 'since noon, for x (run other)'))
  expect(line).toMatch(/locked|moved/)
  change()
  await release()
}

const make = (host: FolderHost, name: string) => writeFileSync(join(host.folder, name), '')
const has = (host: FolderHost, name: string) => existsSync(join(host.folder, name))
const notes = (host: FolderHost) =>
  has(host, 'lib/begun') ? readdirSync(join(host.folder, 'lib/begun')) : []
const isFree = async (host: FolderHost) =>
  (await host.hold(lockScript('bob', 'x'))).release().then(() => true)

test('a run that nobody was asked about and nobody overtook takes three round trips: look, step, proof', async () => {
  const host = newHost()
  const { result } = await go([host], [touch('a')], [true])
  expect(result).toMatchObject({ hosts: [{ status: 'changed', roundTrips: 3 }] })
  expect(host.told).toHaveLength(4)
  expect(notes(host)).toEqual([])
})

test('a plan that has waited at its question is looked at once more, and asked about once only where nothing moved', async () => {
  const host = newHost()
  const { result, asked } = await go([host], [touch('a')], ['asked'])
  expect(result).toMatchObject({ hosts: [{ status: 'changed' }] })
  expect(asked.map((a) => a.moment)).toEqual(['plan'])
  expect([has(host, 'a'), notes(host)]).toEqual([true, []])
})

test.each<readonly [string, 'asked' | true, (host: FolderHost) => Promise<void>]>([
  ['another run, while a person is asked', 'asked', (h) => anotherRun(h, () => make(h, 'a'))],
  ['a person by hand, while a person is asked', 'asked', async (h) => make(h, 'a')],
  ['another run, in no time', true, (h) => anotherRun(h, () => make(h, 'a'))],
  [
    'a boot',
    true,
    async (h) => {
      h.boot('second')
      make(h, 'a')
    },
  ],
])('a plan that has moved is asked about again: %s', async (_, first, meanwhile) => {
  const yes = newHost()
  const done = await go([yes], [touch('a'), touch('b')], [first, true], () => meanwhile(yes))
  expect(done.asked.map((a) => [a.moment, a.steps])).toEqual([
    ['plan', ['h1 command[a]', 'h1 command[b]']],
    ['moved', ['h1 command[b]']],
  ])
  expect(done.asked[1]?.moved).toEqual(['h1  command[a]  is already as it should be'])
  expect([has(yes, 'b'), notes(yes)]).toEqual([true, []])

  const no = newHost()
  const { result } = await go([no], [touch('a'), touch('b')], [first, false], () => meanwhile(no))
  expect(result).toMatchObject({ message: expect.stringContaining('not approved: nothing was changed') })
  expect([has(no, 'b'), notes(no), await isFree(no)]).toEqual([false, [], true])
})

test('a run that was in the middle when the host was looked at, and has ended since', async () => {
  const host = newHost()
  const other = await host.hold(lockScript('alice', 'since noon, for x (run other)'))
  const { asked } = await go([host], [touch('a'), touch('b')], [true, true], async () => {
    make(host, 'a')
    await other.release()
  })
  expect(asked.map((a) => a.moment)).toEqual(['plan', 'moved'])
})

test('a run that dies without a word is noticed, too', async () => {
  const host = newHost()
  await host.exec({ text: 'mkdir -p /run/provision; echo begun x >/run/provision/turn', shown: '' })
  const { asked } = await go([host], [touch('a')], [true, true])
  // It was in hand when the host was looked at; nothing had moved after all.
  expect(asked.map((a) => a.moment)).toEqual(['plan'])
  expect(host.told.filter((text) => text.includes('test -e a'))).toHaveLength(3)
})

test('hosts that only the moved plan changes are locked, too', async () => {
  const [one, two] = [newHost('h1'), newHost('h2')]
  make(two, 'a')
  const { asked, result } = await go([one, two], [touch('a')], ['asked', 'asked'], async () =>
    rmSync(join(two.folder, 'a')),
  )
  expect(asked[1]?.moved).toEqual(['h2  command[a]  differs now, and did not when the plan was made'])
  expect(result).toMatchObject({ hosts: [{ status: 'changed' }, { status: 'changed' }] })
  expect(two.read('run/locked-for')).toContain('(run test)')
})

test('a note of an earlier run of the same kind stays where nothing comes of this one', async () => {
  const host = newHost()
  const failing = [command('never', { unless: 'false', run: 'false' })]
  await go([host], failing, [true])
  expect(notes(host)).toHaveLength(1)
  await go([host], [touch('a')], ['asked', false], async () => make(host, 'a'))
  expect(notes(host)).toHaveLength(1)
})

test('where one host is locked by another run, the others keep no note', async () => {
  const [one, two] = [newHost('h1'), newHost('h2')]
  const other = await two.hold(lockScript('alice', 'since noon'))
  const { result } = await go([one, two], [touch('a')], [true])
  expect(result).toMatchObject({ message: expect.stringContaining('another run holds the lock') })
  expect([notes(one), await isFree(one), has(one, 'a')]).toEqual([[], true, false])
  await other.release()
})

test('a risk that turns up in the middle of a run is asked about before it is taken', async () => {
  const resources = () => {
    const first = touch('a')
    return [
      first,
      // As it should be when the plan is made; the first step undoes that.
      command('late', { unless: 'test ! -e a || test -e late', run: 'touch late', risk: ['data'] }),
    ]
  }
  const split = (list: Resources) => list
  const no = newHost()
  const refused = await go([no], split(resources()), [true, false])
  expect(refused.asked.map((a) => [a.moment, a.steps])).toEqual([
    ['plan', ['h1 command[a]']],
    ['late', ['h1 command[late]']],
  ])
  expect(refused.result).toMatchObject({ failed: true })
  expect([has(no, 'a'), has(no, 'late')]).toEqual([true, false])
  const yes = newHost()
  await go([yes], split(resources()), [true, true])
  expect(has(yes, 'late')).toBe(true)
})

test('an interruption ends a look at once, and lets every step in hand come to its end', async () => {
  const stop = new AbortController()
  const host = newHost()
  const slow = touch('slow', { unless: 'sleep 8; false' })
  setTimeout(() => stop.abort(), 300)
  const started = performance.now()
  const looked = await go([host], [slow], [true], undefined, { signal: stop.signal })
  expect(performance.now() - started).toBeLessThan(6000)
  expect(looked.result).toMatchObject({ interrupted: true, hosts: [{ changed: 0 }] })

  const [one, two] = [newHost('h1'), newHost('h2')]
  const later = new AbortController()
  const steps = [
    command('step', { unless: 'test -e done', run: 'case $PWD in *) sleep "$(cat time)"; touch done; esac' }),
    command('next', { unless: 'test -e next', run: 'touch next', on: [] }),
  ]
  writeFileSync(join(one.folder, 'time'), '0.4')
  writeFileSync(join(two.folder, 'time'), '1.5')
  const report = (event: Event) => {
    if (event.type === 'applying') setTimeout(() => later.abort(), 100)
  }
  await go([one, two], steps.slice(0, 1), [true], undefined, { signal: later.signal, report })
  expect([has(one, 'done'), has(two, 'done')]).toEqual([true, true])
  expect([await isFree(one), await isFree(two)]).toEqual([true, true])
})
