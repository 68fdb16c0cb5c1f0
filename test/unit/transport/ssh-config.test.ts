import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { InputError } from '../../../src/errors.ts'
import type { Host } from '../../../src/model/host.ts'
import { knownHostsOf } from '../../../src/transport/host-keys.ts'
import { sshConfig } from '../../../src/transport/ssh-config.ts'

const text = `
Host db?
  hostname 192.0.2.7
  USER ops
  Port 2222
  IdentityFile ~/.ssh/rack
  IdentityFile /keys/other
  UserKnownHostsFile ~/known
Host db2
  ProxyJump gate@192.0.2.1:2200
Host *
  User somebody
`

function host(name: string, more: Partial<Host> = {}, connection: Partial<Host['connection']> = {}): Host {
  return {
    name,
    address: name,
    groups: [],
    vars: {},
    connection: { transport: 'ssh', become: false, hostKeys: [], connectTimeoutSeconds: 10, ...connection },
    ...more,
  }
}

async function completed(given: Host): Promise<Host> {
  const folder = mkdtempSync(join(tmpdir(), 'provision-test-'))
  try {
    writeFileSync(join(folder, 'config'), text)
    return (await sshConfig(join(folder, 'config')))(given)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('fills what the inventory leaves open; the first match wins, keys add up', async () => {
  const { address, connection } = await completed(host('db1'))
  expect(address).toBe('192.0.2.7')
  expect(connection).toMatchObject({
    user: 'ops',
    port: 2222,
    keys: [join(homedir(), '.ssh/rack'), '/keys/other'],
    knownHosts: join(homedir(), 'known'),
  })
  expect(connection.jump).toBeUndefined()
  expect((await completed(host('db2'))).connection.jump).toBe('gate@192.0.2.1:2200')
})

test('the inventory wins', async () => {
  const own = host('db1', { address: '198.51.100.1' }, { user: 'root', port: 22, key: '/mine' })
  const { address, connection } = await completed(own)
  expect([address, connection.user, connection.port, connection.keys]).toEqual([
    '198.51.100.1',
    'root',
    22,
    undefined,
  ])
})

test('no such file: nothing is added', async () => {
  expect((await sshConfig('/nonexistent/config'))(host('db1'))).toEqual(host('db1'))
})

/** Every way in which Node.js starts a program, barred while `work` runs; the module is the one that packages use. */
async function withoutPrograms<T>(work: () => Promise<T>): Promise<T> {
  const module = createRequire(import.meta.url)('node:child_process')
  const names = ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork']
  const before = Object.fromEntries(names.map((name) => [name, module[name]]))
  for (const name of names)
    module[name] = (...args: unknown[]) => {
      throw new Error(`${name} ${JSON.stringify(args[0])}`)
    }
  try {
    return await work()
  } finally {
    Object.assign(module, before)
  }
}

async function read(config: string, given: Host): Promise<{ host: Host; told: readonly string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'provision-test-'))
  const told: string[] = []
  try {
    writeFileSync(join(folder, 'config'), config)
    const complete = await sshConfig(join(folder, 'config'), (line) => told.push(line))
    return { host: complete(given), told }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('Match exec is never run, and a host that it might concern is told so', async () => {
  const marker = join(tmpdir(), `provision-ran-${process.pid}`)
  const { host: found, told } = await withoutPrograms(() =>
    read(
      `Match host h1 exec "touch ${marker}"\n  User evil\n  ProxyJump gate\nHost *\n  User ops\n`,
      host('h1'),
    ),
  )
  expect(existsSync(marker)).toBe(false)
  expect(found.connection).toMatchObject({ user: 'ops' })
  expect(found.connection.jump).toBeUndefined()
  expect(told).toHaveLength(1)
  expect(told[0]).toMatch(/^h1 .*"Match host h1 exec touch .*" is left out.*\(User, ProxyJump\)/)
})

test.each([
  ['another host', 'Match host db* exec "x"\n  User evil\n'],
  ['the inventory has said it all', 'Match host h1 exec "x"\n  Port 2200\n'],
  ['an earlier line has said it', 'User ops\nMatch exec "x"\n  User evil\n'],
  ['nothing that we understand', 'Match exec "x"\n  ForwardAgent yes\n'],
])('a Match exec that decides nothing is not told: %s', async (_, config) => {
  const { told } = await read(config, host('h1', {}, { port: 22 }))
  expect(told).toEqual([])
})

test.each([
  'Match !exec "false"\n  User evil\n',
  'match EXEC "true" host h1\n  user evil\n',
  'Match localnetwork 10.0.0.0/8\n  User evil\n',
  'CanonicalizeHostname yes\nMatch canonical\n  User evil\n',
  'Match final exec=true\n  User evil\n',
])('whatever cannot be decided is left out and told: %s', async (config) => {
  const { host: found, told } = await withoutPrograms(() => read(config, host('h1')))
  expect(found.connection.user).toBeUndefined()
  expect(told.join('\n')).toContain('is left out')
})

test('programs of other keywords are not run either: ProxyCommand, KnownHostsCommand, a name service', async () => {
  const config =
    'Host h1\n  ProxyCommand touch /tmp/x\n  KnownHostsCommand /bin/x\n  CanonicalizeHostname yes\n  CanonicalDomains a.example b.example\n'
  const { told } = await withoutPrograms(() => read(config, host('h1')))
  expect(told.join('\n')).toMatch(
    /ProxyCommand is not run[\s\S]*KnownHostsCommand[\s\S]*CanonicalizeHostname/,
  )
})

test('a law: no config whatever runs a program', async () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
  let state = seed
  const below = (n: number) => {
    state = (state * 48_271 + 11) % 2_147_483_647
    return state % n
  }
  const one = <T>(list: readonly T[]): T => list[below(list.length)] as T
  const cased = (word: string) => one([word, word.toUpperCase(), word.toLowerCase()])
  const criterion = () =>
    one([
      () =>
        `${one(['', '!'])}${cased('exec')}${one([' ', '=', '\t'])}${one(['"touch X"', 'true', '"a \\" b"'])}`,
      () => `${one(['', '!'])}${cased('host')} ${one(['h1', 'h?,*', '!h1', '*'])}`,
      () => cased('final'),
      () => cased('all'),
      () => cased('canonical'),
      () => `user ${one(['ops', '*'])}`,
      () => 'localnetwork 10.0.0.0/8',
    ])()
  const directive = () =>
    one([
      'User ops',
      'HostName 10.0.0.1',
      'Include more/*.conf',
      'CanonicalizeHostname yes',
      'CanonicalDomains a.example b.example',
      'ProxyCommand touch X',
      'KnownHostsCommand touch X',
      'LocalCommand touch X',
      'PermitLocalCommand yes',
    ])
  const section = () =>
    one([
      () => `${cased('Match')} ${Array.from({ length: 1 + below(3) }, criterion).join(' ')}`,
      () => `${cased('Host')} ${one(['*', 'h1', 'h? !h2'])}`,
    ])()
  console.log(`seed ${seed}`)
  await withoutPrograms(async () => {
    for (let i = 0; i < 500; i++) {
      const lines = Array.from({ length: 1 + below(8) }, () => one([section, directive])())
      try {
        await read(`${lines.join('\n')}\n`, host('h1'))
      } catch (error) {
        // What cannot be parsed is refused; a program that was started is another error.
        if (!(error instanceof InputError))
          throw new Error(`seed ${seed}: ${lines.join('\n')}`, { cause: error })
      }
    }
  })
})

test('all known_hosts files are read, the first is ours to write', async () => {
  const { host: found } = await read(
    'UserKnownHostsFile "~/my hosts" /b\nGlobalKnownHostsFile /g\n',
    host('h1'),
  )
  expect(knownHostsOf(found)).toEqual([join(homedir(), 'my hosts'), '/b', '/g'])
})
