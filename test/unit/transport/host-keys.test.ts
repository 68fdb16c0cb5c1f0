import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Host } from '../../../src/model/host.ts'
import { fingerprint, verdict } from '../../../src/transport/host-keys.ts'

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
