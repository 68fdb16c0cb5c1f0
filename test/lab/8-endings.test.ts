import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cable, freeze, hostKey, kill, start, untilSsh } from '../../src/lab/host.ts'
import { down, up } from '../../src/lab/lab.ts'
import type { LabHost } from '../../src/lab/settings.ts'
import type { Host } from '../../src/model/host.ts'
import { sh } from '../../src/shell/sh.ts'
import { connectSsh } from '../../src/transport/ssh.ts'
import { connection } from './connection.ts'
import { on } from './engine.ts'

const root = join(import.meta.dirname, '..', '..')
let first: LabHost
let host: Host
let tookMs: number

beforeAll(async () => {
  const started = performance.now()
  const [one] = await up(3)
  tookMs = performance.now() - started
  if (!one) throw new Error('no host')
  first = one
  host = connection(one, { connectTimeoutSeconds: 3 })
})
afterAll(() => down())

/** Whatever of the lab in `folder` is still to be seen on this machine. */
function leftovers(folder: string): readonly string[] {
  const tag = createHash('sha256').update(folder).digest('hex').slice(0, 6)
  const lines = (text: string) =>
    text.split('\n').filter((l) => l.includes(folder) || l.includes(`lab-${tag}`))
  return [
    ...lines(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })),
    ...lines(readFileSync('/proc/self/mountinfo', 'utf8')),
    ...lines(execFileSync('ip', ['netns'], { encoding: 'utf8' })),
    ...[`/sys/fs/cgroup/unified/lab-${tag}`].filter(existsSync),
  ]
}

/** A second lab, brought up by a child that gets `signal` after a while, counted from `since`. */
async function interruptedUp(
  folder: string,
  signal: NodeJS.Signals,
  afterMs: number,
  since: () => Promise<unknown> = async () => undefined,
) {
  const child = spawn(process.execPath, [join(root, 'bin/main.mjs'), 'lab', 'up', '--hosts', '2'], {
    env: { ...process.env, PROVISION_LAB_DIR: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  since().then(() => setTimeout(() => child.kill(signal), afterMs))
  let stderr = ''
  child.stderr.on('data', (data) => {
    stderr += data
  })
  const [code] = await once(child, 'close')
  return { code, stderr }
}

test('three hosts answer SSH within 15 s', () => {
  expect(tookMs).toBeLessThan(15_000)
})

test('Ctrl-C at any moment of `lab up` leaves nothing behind', async () => {
  for (const afterMs of [500, 900, 1400]) {
    const folder = mkdtempSync(join(tmpdir(), 'provision-lab-'))
    const { code, stderr } = await interruptedUp(folder, 'SIGINT', afterMs)
    expect([afterMs, code, stderr]).toEqual([afterMs, 130, expect.stringContaining('nothing is left behind')])
    expect(leftovers(folder)).toEqual([])
    rmSync(folder, { recursive: true })
  }
})

test('after a kill -9 of `lab up` the next one heals, and `down` takes all of it away', async () => {
  for (const afterMs of [0, 150, 500]) {
    const folder = mkdtempSync(join(tmpdir(), 'provision-lab-'))
    const isBegun = async () => {
      while (!readFileSync('/proc/self/mountinfo', 'utf8').includes(folder)) await sleep(10)
    }
    await interruptedUp(folder, 'SIGKILL', afterMs, isBegun)
    expect(leftovers(folder)).not.toEqual([])
    const env = { ...process.env, PROVISION_LAB_DIR: folder }
    const cli = (...args: string[]) =>
      execFileSync(process.execPath, [join(root, 'bin/main.mjs'), 'lab', ...args], { env, encoding: 'utf8' })
    expect([afterMs, cli('up', '--hosts', '2')]).toEqual([
      afterMs,
      expect.stringMatching(/h1 .* up\nh2 .* up/),
    ])
    cli('down')
    expect(leftovers(folder)).toEqual([])
    rmSync(folder, { recursive: true })
  }
})

test('a cut cable makes a host unreachable; plugged in it is there again', async () => {
  await cable(first, 'down')
  await expect(connectSsh(host)).rejects.toThrow()
  await cable(first, 'up')
  expect(await on(host, sh`hostname`)).toBe('h1')
})

test('a frozen host does not answer in time; thawed it goes on', async () => {
  await using link = await connectSsh(host)
  freeze(first, true)
  await expect(link.exec(sh`true`, { timeoutMs: 500 })).rejects.toThrow(/did not end within 0.5 s/)
  await expect(connectSsh(host)).rejects.toThrow(/Timed out/)
  freeze(first, false)
  expect(await on(host, sh`hostname`)).toBe('h1')
})

test('a power cut: another boot id, the same identity, files and data disk are still there', async () => {
  const identity = sh`cat /etc/machine-id /data/kept`
  await on(host, sh`echo kept >/data/kept; sync`)
  const before = [await on(host, identity), hostKey(first)]
  const boot = await on(host, sh`cat /proc/sys/kernel/random/boot_id`)
  await kill(first)
  await expect(connectSsh(host)).rejects.toThrow()
  await start(first)
  await untilSsh(first)
  expect([await on(host, identity), hostKey(first)]).toEqual(before)
  await sleep(100)
  expect(await on(host, sh`cat /proc/sys/kernel/random/boot_id`)).not.toBe(boot)
})
