import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { sh } from '../../src/index.ts'
import { privateKey } from '../../src/lab/image.ts'
import { down, knownHosts, up } from '../../src/lab/lab.ts'
import type { Host } from '../../src/model/host.ts'
import { type OnTerminal, onTerminal } from '../support/pty.ts'
import { runs } from './acting.ts'
import { provision } from './cli.ts'
import { connection } from './connection.ts'
import { on } from './engine.ts'

// Ctrl-C, SIGTERM and a window that is closed, at every moment of a run, on a real terminal and a real host.

const folder = join(import.meta.dirname, '..', '..', '.cache', 'test-interrupts')
const inventory = join(folder, 'lab.yaml')
const locked = join(folder, 'locked')
let host: Host

const playbooks = {
  // Two kinds, so two steps. The first waits until it is told to end.
  slow: `command('one', { unless: 'test -e /etc/t/one', run: 'touch /etc/t/began; while test ! -e /etc/t/go; do sleep 0.1; done; touch /etc/t/one' }),
    file('/etc/t/two', { content: 'x' })`,
  look: `command('look', { unless: 'touch /etc/t/looks; sleep 120; false', run: 'true' })`,
  risky: `file('/etc/t/risky', { content: 'x', risk: ['data'] })`,
}

beforeAll(async () => {
  const [one] = await up(1)
  if (!one) throw new Error('no host')
  host = connection(one)
  mkdirSync(folder, { recursive: true })
  for (const [name, resources] of Object.entries(playbooks))
    writeFileSync(
      join(folder, `${name}.ts`),
      `import { command, file, playbook, role, t } from 'provision'
const r = role({ name: 'a', vars: t.Object({}), resources: () => [${resources}] })
export default playbook('${name}', { name: 'a', on: 'h1', roles: [r] })
void [command, file]
`,
    )
  const of = (key: string) => `connection: { user: root, key: ${key}, knownHosts: ${knownHosts} }
hosts: { h1: { address: ${one.address}, connection: { socket: ${one.socket} } } }
`
  writeFileSync(inventory, of(privateKey))
  rmSync(locked, { force: true })
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'open sesame', '-f', locked])
  writeFileSync(join(folder, 'locked.yaml'), of(locked))
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await down()
})
beforeEach(() => on(host, sh`rm -rf /etc/t /var/lib/provision; mkdir /etc/t`))

const start = (name: keyof typeof playbooks, ...more: string[]) =>
  onTerminal(['run', join(folder, `${name}.ts`), '-i', inventory, ...more])

/** Waits until a file is there on the host. */
async function there(name: string): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if ((await on(host, sh`ls /etc/t`)).split('\n').includes(name)) return
    await sleep(200)
  }
  throw new Error(`${name} never came`)
}

const ways: Readonly<Record<string, (run: OnTerminal) => void>> = {
  'Ctrl-C': (run) => run.type('\u0003'),
  SIGTERM: (run) => run.signal('SIGTERM'),
  SIGHUP: (run) => run.signal('SIGHUP'),
  'a closed window': (run) => run.hangUp(),
}
const isVisible = (way: string) => way !== 'a closed window'

test.each(Object.keys(ways))('a step in hand is finished, then the run ends: %s', async (way) => {
  const run = start('slow')
  await run.until('now command[one]')
  await there('began')
  ways[way]?.(run)
  if (isVisible(way)) await run.until('interrupted: the step in hand is finished first')
  else await sleep(1000)
  await on(host, sh`touch /etc/t/go`)
  await run.gone()
  expect(await on(host, sh`ls /etc/t`)).toBe('began\ngo\none')
  if (isVisible(way)) {
    expect(await run.ended).toBe(130)
    expect(run.text()).toMatch(/h1 .*changed .*changed=1[\s\S]*interrupted after/)
    expect(run.text()).toMatch(/to go on: provision resume \S+ --inventory/)
  }
  const [entry] = await runs(['--inventory', inventory])
  expect(entry).toMatchObject({ unfinished: { hosts: ['h1'], isRunning: false } })
  const resumed = await provision(['resume', '-i', inventory, '--output', 'plain', '--yes'])
  expect([resumed.code, resumed.stderr]).toEqual([0, ''])
  expect(await on(host, sh`ls /etc/t`)).toBe('began\ngo\none\ntwo')
})

test('a second Ctrl-C leaves at once, tells how to go on, and gives the cursor back', async () => {
  const run = start('slow')
  await run.until('now command[one]')
  await there('began')
  run.type('\u0003')
  await run.until('interrupted: the step in hand is finished first')
  run.type('\u0003')
  expect(await run.ended).toBe(130)
  expect(run.text()).toMatch(/left at once.*To go on: provision resume \S+ --inventory/)
  expect(run.text().lastIndexOf('\u001b[?25h')).toBeGreaterThan(run.text().lastIndexOf('\u001b[?25l'))
  await on(host, sh`touch /etc/t/go`)
})

test.each(Object.keys(ways))('a first look ends promptly, and nothing was changed: %s', async (way) => {
  const run = start('look')
  await there('looks')
  const started = performance.now()
  ways[way]?.(run)
  await run.gone()
  expect(performance.now() - started).toBeLessThan(20_000)
  if (!isVisible(way)) return
  expect(await run.ended).toBe(130)
  expect(run.text()).toContain('interrupted: nothing was changed')
  expect(run.text()).not.toContain('This is a bug')
})

test.each(Object.keys(ways))('a question ends with it, and nothing was changed: %s', async (way) => {
  const run = start('risky')
  await run.until('Go on? [y/N]')
  ways[way]?.(run)
  await run.gone()
  if (isVisible(way)) {
    expect(await run.ended).toBe(130)
    expect(run.text()).toContain('interrupted: nothing was changed')
    expect(run.text()).not.toContain('This is a bug')
  }
  expect(await on(host, sh`ls /etc/t`)).toBe('')
  expect(await runs(['--inventory', inventory])).toEqual([])
})

test.each(Object.keys(ways))('a passphrase that is asked for: %s', async (way) => {
  const run = onTerminal(['run', join(folder, 'risky.ts'), '-i', join(folder, 'locked.yaml')])
  await run.until('Passphrase of ')
  ways[way]?.(run)
  await run.gone()
  if (!isVisible(way)) return
  expect(await run.ended).toBe(130)
  expect(run.text()).not.toContain('This is a bug')
})

test('Ctrl-D at a question is no yes', async () => {
  const run = start('risky')
  await run.until('Go on? [y/N]')
  run.type('\u0004')
  expect(await run.ended).toBe(1)
  expect(run.text()).toContain('not approved: nothing was changed')
})

test('in a log: SIGTERM ends it alike, also where its reader has gone', async () => {
  const args = ['run', join(folder, 'slow.ts'), '-i', inventory, '--output', 'plain']
  const child = spawn(process.execPath, ['bin/main.mjs', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'close')
  await there('began')
  child.stdout.destroy()
  child.stderr.destroy()
  child.kill('SIGTERM')
  await sleep(500)
  await on(host, sh`touch /etc/t/go`)
  expect((await ended)[0]).toBe(130)
  expect(await on(host, sh`ls /etc/t`)).toBe('began\ngo\none')
})
