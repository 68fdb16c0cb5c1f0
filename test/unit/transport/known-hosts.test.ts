import { createHmac } from 'node:crypto'
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Host } from '../../../src/model/host.ts'
import { verdict } from '../../../src/transport/host-keys.ts'
import { trustKey } from '../../../src/transport/known-hosts.ts'

/** A key as it goes over the wire: its type, then something. */
function keyOf(text: string): Buffer {
  const type = Buffer.from('ssh-ed25519')
  const length = Buffer.alloc(4)
  length.writeUInt32BE(type.length)
  return Buffer.concat([length, type, Buffer.from(text)])
}

const folder = mkdtempSync(join(tmpdir(), 'provision-known-'))
const file = join(folder, 'sub', 'known_hosts')
afterAll(() => rmSync(folder, { recursive: true }))
const host = (port = 22): Host => ({
  name: 'h1',
  address: '10.0.0.1',
  groups: [],
  vars: {},
  connection: {
    transport: 'ssh',
    become: false,
    hostKeys: [],
    knownHosts: file,
    connectTimeoutSeconds: 1,
    port,
  },
})

test('a new key takes the place of all old ones of its host, hashed or not; others stay, and so does the old file', () => {
  expect(trustKey(host(), keyOf('first'))).toBe(file)
  expect(verdict(host(), keyOf('first'))).toBe('known')
  const salt = Buffer.from('salt')
  const hash = createHmac('sha1', salt).update('10.0.0.1').digest('base64')
  const others = '# mine\n10.0.0.2 ssh-ed25519 AAAA\n[10.0.0.1]:2222 ssh-ed25519 BBBB\n'
  const before = `${others}|1|${salt.toString('base64')}|${hash} ssh-rsa CCCC\n10.0.0.1,h1 ecdsa DDDD\n`
  writeFileSync(file, before)
  trustKey(host(), keyOf('second'))
  expect(readFileSync(file, 'utf8')).toBe(
    `${others}10.0.0.1 ssh-ed25519 ${keyOf('second').toString('base64')}\n`,
  )
  expect(readFileSync(`${file}.old`, 'utf8')).toBe(before)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect([verdict(host(), keyOf('first')), verdict(host(), keyOf('second'))]).toEqual(['changed', 'known'])
})

test('a host on another port is another name', () => {
  trustKey(host(2222), keyOf('third'))
  expect(readFileSync(file, 'utf8')).toContain(
    `[10.0.0.1]:2222 ssh-ed25519 ${keyOf('third').toString('base64')}`,
  )
  expect(readFileSync(file, 'utf8')).not.toContain('BBBB')
  expect(verdict(host(), keyOf('second'))).toBe('known')
})

test('what is not the host’s stays byte for byte, a link stays one', () => {
  const place = join(folder, 'linked')
  const others =
    '\n# B\xfcro\n\n@revoked 10.0.0.1 ssh-ed25519 AAAA\n@cert-authority *.example ssh-rsa BBBB\n \t10.0.0.3 x y\r\n'
  writeFileSync(
    `${place}-target`,
    `${others}10.0.0.9,10.0.0.1 ssh-rsa CCCC b\xfc\n10.0.0.1 ssh-rsa DDDD\n10.0.0.2 z w`,
    'latin1',
  )
  symlinkSync('linked-target', place)
  const linked = { ...host(), connection: { ...host().connection, knownHosts: place } }
  trustKey(linked, keyOf('first'))
  const after = `${others}10.0.0.9 ssh-rsa CCCC b\xfc\n10.0.0.2 z w\n10.0.0.1 ssh-ed25519 ${keyOf('first').toString('base64')}\n`
  expect(readFileSync(place, 'latin1')).toBe(after)
  trustKey(linked, keyOf('first'))
  expect(readFileSync(place, 'latin1')).toBe(after)
  expect(lstatSync(place).isSymbolicLink()).toBe(true)
  expect(readdirSync(folder).filter((name) => name.endsWith('.new'))).toEqual([])
})
