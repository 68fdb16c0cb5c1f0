import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { privateKey } from '../../src/lab/image.ts'
import { down, knownHosts, up } from '../../src/lab/lab.ts'
import type { Host } from '../../src/model/host.ts'
import { sh } from '../../src/shell/sh.ts'
import type { SshOptions } from '../../src/transport/client.ts'
import { createJumps } from '../../src/transport/jump.ts'
import { connectLocal } from '../../src/transport/local.ts'
import { connectSsh } from '../../src/transport/ssh.ts'
import { provision } from './cli.ts'
import { connection } from './connection.ts'

let hosts: readonly Host[]
const folder = mkdtempSync(join(tmpdir(), 'provision-test-'))

beforeAll(async () => {
  hosts = (await up(3)).map((host) => connection(host))
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await down()
})

function at(index: number): Host {
  const host = hosts[index]
  if (!host) throw new Error(`no host ${index}`)
  return host
}

/** The host without its way in from outside the lab: only another host of the lab reaches it. */
function inside(host: Host, jump: string): Host {
  const { socket: _, ...rest } = host.connection
  return { ...host, connection: { ...rest, jump } }
}

const whoami = sh`hostname`

async function name(host: Host, options: SshOptions = {}): Promise<string> {
  await using link = await connectSsh(host, options)
  return (await link.exec(whoami)).stdout.trim()
}

async function throughJumps(host: Host, known = (n: string) => hosts.find((h) => h.name === n)) {
  const jumps = createJumps(known, {})
  try {
    return await name(host, { via: (h) => jumps.stream(h) })
  } finally {
    jumps.close()
  }
}

test('a host behind one jump host, and behind two', async () => {
  expect(await throughJumps(inside(at(1), 'h1'))).toBe('h2')
  const two = (n: string) => (n === 'h2' ? inside(at(1), 'h1') : hosts.find((h) => h.name === n))
  expect(await throughJumps(inside(at(2), 'h1,h2'), two)).toBe('h3')
})

test("a jump host's key is checked as strictly, and the jump host is the one that is named", async () => {
  const stranger = { ...at(0), connection: { ...at(0).connection, knownHosts: '/nonexistent' } }
  await expect(throughJumps(inside(at(1), 'h1'), () => stranger)).rejects.toThrow(
    /^h1 {2}the host key is unknown/,
  )
  const nowhere = { ...inside(at(1), 'h1'), address: '10.77.0.99' }
  await expect(throughJumps(nowhere)).rejects.toThrow(/h1 cannot reach 10\.77\.0\.99:22/)
})

test('the command line: a jump host of the inventory, and one of ~/.ssh/config', async () => {
  const inventory = join(folder, 'inventory.yaml')
  writeFileSync(
    inventory,
    `connection: { user: root, knownHosts: ${knownHosts} }
vars: { firewall: { admin: [10.77.0.0/24] } }
hosts:
  h1: { address: ${at(0).address}, connection: { socket: ${at(0).connection.socket}, key: ${privateKey} } }
  h2: { address: ${at(1).address}, connection: { jump: h1, key: ${privateKey} } }
  db3: { address: 10.77.0.13 }
`,
  )
  const config = join(folder, 'config')
  writeFileSync(config, `Host db*\n  ProxyJump h1\n  IdentityFile ${privateKey}\n`)
  process.env.PROVISION_SSH_CONFIG = config
  try {
    const { stdout, stderr, code } = await provision(['doctor', '-i', inventory])
    expect([stderr, code]).toEqual(['', 0])
    expect(stdout).toMatch(/h1 +h2 +db3/)
    writeFileSync(config, '')
    const without = await provision(['doctor', '-i', inventory])
    expect(without.code).toBe(3)
    expect(without.stdout).toContain('db3  UNREACHABLE')
  } finally {
    delete process.env.PROVISION_SSH_CONFIG
  }
})

test('an encrypted key: asked for once it is its turn, refused clearly where nobody can be asked, held by an agent', async () => {
  const key = join(folder, 'encrypted')
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'open sesame', '-f', key])
  await using link = await connectSsh(at(0))
  await link.exec(sh`printf '%s\n' ${readFileSync(`${key}.pub`, 'utf8').trim()} >>/root/.ssh/authorized_keys`)
  const own = { ...at(0), connection: { ...at(0).connection, key } }
  await expect(name(own)).rejects.toThrow(/encrypted[\s\S]*ssh-add/)
  const asked: string[] = []
  const askPassphrase = async (file: string) => {
    asked.push(file)
    return 'open sesame'
  }
  expect(await name(own, { askPassphrase })).toBe('h1')
  expect(asked).toEqual([key])

  const agent = join(folder, 'agent')
  const pid = /SSH_AGENT_PID=(\d+)/.exec(execFileSync('ssh-agent', ['-a', agent], { encoding: 'utf8' }))?.[1]
  try {
    const askpass = join(folder, 'askpass')
    writeFileSync(askpass, '#!/bin/sh\necho open sesame\n', { mode: 0o700 })
    const env = { ...process.env, SSH_AUTH_SOCK: agent, SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force' }
    execFileSync('ssh-add', ['-q', key], { env })
    // Both the key of the inventory, which cannot be read, and no key at all.
    expect(await name({ ...own, connection: { ...own.connection, agent } })).toBe('h1')
    const { key: _, ...keyless } = own.connection
    expect(await name({ ...own, connection: { ...keyless, agent } })).toBe('h1')
  } finally {
    process.kill(Number(pid))
  }
})

test('a revoked host key is refused, and what --accept-new-host-keys takes is written down', async () => {
  const file = join(folder, 'accepted', 'known_hosts')
  const inventory = join(folder, 'accepted.yaml')
  writeFileSync(
    inventory,
    `connection: { user: root, key: ${privateKey}, knownHosts: accepted/known_hosts }
${['hosts:', ...[0, 1, 2].map((i) => `  h${i + 1}: { address: ${at(i).address}, connection: { socket: ${at(i).connection.socket} } }`)].join('\n')}
`,
  )
  const runs = (...more: string[]) =>
    provision(['run', 'test/lab/playbooks/nothing.ts', '-i', inventory, ...more])
  expect((await runs()).code).toBe(3)
  const accepted = await runs('--accept-new-host-keys')
  expect([accepted.code, accepted.stderr]).toEqual([0, expect.stringContaining('written to')])
  const lines = readFileSync(file, 'utf8')
  expect(lines.split('\n').sort().slice(1)).toHaveLength(3)
  expect([(await runs()).code, (await runs('--accept-new-host-keys')).stderr]).toEqual([0, ''])
  expect(readFileSync(file, 'utf8')).toBe(lines)
  const [, type, key] =
    lines
      .split('\n')
      .find((line) => line.startsWith(at(0).address))
      ?.split(' ') ?? []
  for (const more of [`@revoked * ${type} ${key}\n`, `@revoked 10.77.0.1? ${type} ${key}\n`]) {
    for (const before of [lines, '']) {
      writeFileSync(file, before + more)
      for (const flags of [[], ['--accept-new-host-keys']]) {
        const { code, stdout } = await runs(...flags)
        expect([code, stdout]).toEqual([3, expect.stringMatching(/h1 {2}the host key is REVOKED/)])
      }
    }
  }
})

test('a closed connection refuses at once, and no timer of it goes off later', async () => {
  const link = await connectSsh(at(0))
  await link[Symbol.asyncDispose]()
  await expect(link.exec(sh`:`, { timeoutMs: 200 })).rejects.toThrow(/the connection is closed/)
  // A rejection that nobody awaits any more would fail the suite here.
  await sleep(400)
})

test('this machine itself, without SSH', async () => {
  const local = connectLocal({
    ...at(0),
    name: 'here',
    connection: { ...at(0).connection, transport: 'local' },
  })
  expect(await local.exec(sh`echo out; echo err >&2; printf %s "$1"; exit 3`)).toEqual({
    code: 3,
    stdout: 'out\n',
    stderr: 'err\n',
  })
  await expect(local.exec(sh`sleep 30`, { timeoutMs: 300 })).rejects.toThrow(/did not end within 0.3 s/)
  const held = await local.hold(sh`echo locked; exec cat >/dev/null`)
  expect(held.line).toBe('locked')
  await held.release()
})

test('the command line on this machine: a plan without SSH', async () => {
  const inventory = join(folder, 'local.yaml')
  writeFileSync(inventory, 'hosts:\n  here: { connection: { transport: local } }\n')
  const { stdout, code } = await provision(['doctor', '-i', inventory, '--output', 'json'])
  expect([0, 1]).toContain(code)
  expect(JSON.parse(stdout.split('\n')[0] ?? '')).toMatchObject({ host: 'here', name: 'system' })
})
