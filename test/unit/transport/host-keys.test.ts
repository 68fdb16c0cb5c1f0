import { execFileSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Host } from '../../../src/model/host.ts'
import { fingerprint, verdict } from '../../../src/transport/host-keys.ts'
import { matchesPatterns } from '../../../src/transport/patterns.ts'
import { recordKey } from '../../../src/transport/record-key.ts'

const folder = mkdtempSync(join(tmpdir(), 'provision-keys-'))
afterAll(() => rmSync(folder, { recursive: true }))
const knownHosts = join(folder, 'known_hosts')
const own = newKey('own')
const other = newKey('other')

function newKey(name: string): { line: string; blob: Buffer } {
  const file = join(folder, name)
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file])
  const line = readFileSync(`${file}.pub`, 'utf8').trim()
  return { line, blob: Buffer.from(line.split(' ')[1] ?? '', 'base64') }
}

function host(hostKeys: readonly string[] = [], port = 22): Host {
  return {
    name: 'h1',
    address: '192.0.2.1',
    groups: [],
    vars: {},
    connection: { transport: 'ssh', become: false, hostKeys, knownHosts, connectTimeoutSeconds: 10, port },
  }
}

test('a fingerprint is what ssh-keygen prints', () => {
  const printed = execFileSync('ssh-keygen', ['-lf', join(folder, 'own.pub')], { encoding: 'utf8' })
  expect(printed).toContain(fingerprint(own.blob))
})

test('a key is known, unknown or changed by known_hosts', () => {
  writeFileSync(knownHosts, `192.0.2.1 ${own.line}\n`)
  expect(verdict(host(), own.blob)).toBe('known')
  expect(verdict(host(), other.blob)).toBe('changed')
  expect(verdict({ ...host(), address: '192.0.2.2' }, own.blob)).toBe('unknown')
})

test('hashed entries and other ports are understood as ssh-keygen writes them', () => {
  writeFileSync(knownHosts, `192.0.2.1 ${own.line}\n`)
  appendFileSync(knownHosts, `[192.0.2.1]:2222 ${other.line}\n`)
  execFileSync('ssh-keygen', ['-H', '-f', knownHosts], { stdio: 'ignore' })
  expect(readFileSync(knownHosts, 'utf8')).toMatch(/^\|1\|/)
  expect(verdict(host(), own.blob)).toBe('known')
  expect(verdict(host([], 2222), other.blob)).toBe('known')
})

test('a pin in the inventory decides alone', () => {
  writeFileSync(knownHosts, `192.0.2.1 ${own.line}\n`)
  expect(verdict(host([fingerprint(other.blob)]), own.blob)).toBe('changed')
  expect(verdict(host([other.line]), other.blob)).toBe('known')
})

const at = (patterns: string, key: { line: string }) => `${patterns} ${key.line}\n`
const hashOf = (name: string) => {
  const salt = Buffer.from('some salt')
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`
}

test.each([['*'], ['192.0.2.?'], ['other,192.0.2.1'], ['*,!192.0.2.2'], [hashOf('192.0.2.1')]])(
  'a revoked key is refused, known or pinned: %s',
  (patterns) => {
    for (const marker of ['@revoked', '  @revoked\t'])
      for (const host1 of [host(), host([own.line]), host([fingerprint(own.blob)])]) {
        writeFileSync(knownHosts, at('192.0.2.1', own) + at(`${marker} ${patterns}`, own))
        expect(verdict(host1, own.blob)).toBe('revoked')
        writeFileSync(knownHosts, at(`${marker} ${patterns}`, own))
        expect(verdict(host1, own.blob)).toBe('revoked')
      }
    writeFileSync(knownHosts, at(`@revoked ${patterns}`, other) + at('192.0.2.1', own))
    expect(verdict(host(), own.blob)).toBe('known')
  },
)

test.each([['192.0.2.2'], ['*,!192.0.2.1'], [hashOf('192.0.2.2')]])(
  'a key that is revoked for others is not revoked here: %s',
  (patterns) => {
    writeFileSync(knownHosts, at('192.0.2.1', own) + at(`@revoked ${patterns}`, own))
    expect(verdict(host(), own.blob)).toBe('known')
  },
)

test('a revoked key is refused from any of the files', () => {
  const second = join(folder, 'second')
  writeFileSync(knownHosts, at('192.0.2.1', own))
  writeFileSync(second, at('@revoked *', own))
  const two = { ...host(), connection: { ...host().connection, moreKnownHosts: [second] } }
  expect(verdict(two, own.blob)).toBe('revoked')
  const list = join(folder, 'list')
  writeFileSync(list, `# taken\n${own.line}\n`)
  const listed = { ...host(), connection: { ...host().connection, revokedHostKeys: list } }
  expect(verdict(listed, own.blob)).toBe('revoked')
  expect(verdict(listed, other.blob)).toBe('changed')
  writeFileSync(list, 'SSHKRL\n\0')
  expect(() => verdict(listed, own.blob)).toThrow(/revocation list, which provision does not read/)
})

test('an authority is no host key, and a wildcard names its hosts', () => {
  writeFileSync(knownHosts, at('@cert-authority *', own))
  expect(verdict(host(), own.blob)).toBe('unknown')
  writeFileSync(knownHosts, at('192.0.2.*', own))
  expect([verdict(host(), own.blob), verdict(host(), other.blob)]).toEqual(['known', 'changed'])
})

test('a file that cannot be read is told, not taken for an empty one', () => {
  const broken = { ...host(), connection: { ...host().connection, knownHosts: folder } }
  expect(() => verdict(broken, own.blob)).toThrow(/cannot be read: EISDIR/)
})

test('what is taken unseen is appended: other lines stay, a changed key is noticed, both users may read it alone', () => {
  const file = join(folder, 'new', 'known_hosts')
  const fresh = { ...host(), connection: { ...host().connection, knownHosts: file } }
  expect(recordKey(fresh, own.blob)).toBe(file)
  expect([statSync(file).mode & 0o777, statSync(join(folder, 'new')).mode & 0o777]).toEqual([0o600, 0o700])
  expect([verdict(fresh, own.blob), verdict(fresh, other.blob)]).toEqual(['known', 'changed'])
  const before = '# mine \xff\n@revoked * x y\nlast line without an end'
  writeFileSync(file, before, 'latin1')
  recordKey({ ...fresh, connection: { ...fresh.connection, hashKnownHosts: true } }, own.blob)
  const after = readFileSync(file, 'latin1')
  expect(after.startsWith(`${before}\n|1|`)).toBe(true)
  expect(verdict(fresh, own.blob)).toBe('known')
})

test('a pattern of many stars takes no time', () => {
  const started = performance.now()
  expect(matchesPatterns([`${'*a'.repeat(60)}b`], 'a'.repeat(5000))).toBe(false)
  expect(performance.now() - started).toBeLessThan(1000)
})
