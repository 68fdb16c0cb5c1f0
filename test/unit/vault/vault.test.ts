import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Host } from '../../../src/model/host.ts'
import { type Identity, identity, password } from '../../../src/model/vault.ts'
import type { Secret } from '../../../src/secret/secret.ts'
import { readVault, writeVault } from '../../../src/vault/store.ts'
import { openVault } from '../../../src/vault/vault.ts'

const host = { name: 'h1', address: '10.0.0.1' } as Host
const day = 24 * 60 * 60 * 1000

function place() {
  const folder = mkdtempSync(join(tmpdir(), 'provision-vault-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return { file: join(folder, 'lab.secrets.age'), identity: join(folder, 'keys', 'age.key'), recipients: [] }
}

const superuser = { host, spec: password('superuser'), shared: {} }
const tls = { host, spec: identity(() => ['10.0.0.100']), shared: {} }

test('what is missing is made once, kept encrypted, and given again', async () => {
  const where = place()
  const first = await openVault(where, [superuser, tls])
  expect(first.made).toEqual(['superuser', 'tls/ca', 'tls/h1'])
  const value = (first.answer(superuser) as Secret).reveal()
  expect(value).toMatch(/^[A-Za-z0-9]{32}$/)
  expect(readFileSync(where.file, 'utf8')).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----/)
  expect(statSync(where.identity).mode & 0o777).toBe(0o600)
  const again = await openVault(where, [superuser, tls])
  expect(again.made).toEqual([])
  expect((again.answer(superuser) as Secret).reveal()).toBe(value)
})

test('a certificate is for the host, its address and what the role adds, and signed by the authority', async () => {
  const vault = await openVault(place(), [tls])
  const { certificate, authority } = vault.answer(tls) as Identity
  const leaf = new X509Certificate(certificate)
  expect(leaf.verify(new X509Certificate(authority).publicKey)).toBe(true)
  expect(leaf.subjectAltName).toBe(
    'DNS:h1, DNS:localhost, IP Address:10.0.0.1, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:10.0.0.100',
  )
  expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
})

test('a certificate is renewed when fewer than 30 days are left, or when its names change', async () => {
  const where = place()
  await openVault(where, [tls])
  expect((await openVault(where, [tls], Date.now() + 330 * day)).made).toEqual([])
  expect((await openVault(where, [tls], Date.now() + 336 * day)).made).toEqual(['tls/h1'])
  const moved = { ...tls, host: { ...host, address: '10.0.0.9' } }
  expect((await openVault(where, [moved])).made).toEqual(['tls/h1'])
})

test('the wrong key, or none, is an error of the operator and loses nothing', async () => {
  const where = place()
  await writeVault(where, { a: 'b' })
  const other = place()
  await writeVault(other, {})
  await expect(readVault({ ...where, identity: other.identity })).rejects.toThrow(/cannot be opened with/)
  await expect(readVault({ ...where, identity: '/nonexistent' })).rejects.toThrow(/no age identity/)
  expect(await readVault(where)).toEqual({ a: 'b' })
})
