import { expect, test } from 'vitest'
import { imageSet } from '../../../roles/sheets/images.ts'
import { nextEdition } from '../../../src/cli/upgrade-command.ts'
import { upgradableIn } from '../../../src/model/upgradable.ts'

const vars = { base: 'debian:trixie' }
const host = (...tags: readonly string[]) => ({ facts: { tags } })
const all = (edition: string, names = ['base', 'etcd', 'postgres', 'proxy']) =>
  names.map((name) => `localhost:1/provision/${name}:${edition}-0123456789ab`)

test('without an edition tags are what they always were; with one it is in all of them, and the base is built anew', () => {
  const plain = imageSet(vars, [])
  expect(plain.postgres.tag).toMatch(/^localhost:1\/provision\/postgres:[0-9a-f]{12}$/)
  const named = imageSet({ ...vars, edition: '20270131' }, [])
  for (const { tag } of named.all) expect(tag).toMatch(/:20270131-[0-9a-f]{12}$/)
  const [base, etcd] = named.all
  expect([base?.build.args.EDITION, etcd?.build.args.EDITION]).toEqual(['20270131', undefined])
})

test('the edition in force is the newest that any host has whole; an inventory that says one is obeyed', () => {
  const hosts = [
    host(...all('20270131'), ...all('20270131-2')),
    host(...all('20270131-10')),
    // A build that broke off.
    host(...all('20270202', ['base', 'etcd'])),
    host('localhost:1/provision/postgres:0123456789ab', 'registry.example/postgres:20280101-0123456789ab'),
  ]
  expect(imageSet(vars, hosts).edition).toBe('20270131-10')
  expect(imageSet({ ...vars, edition: '' }, hosts).edition).toBe('')
  expect(imageSet(vars, [host()]).edition).toBe('')
})

test('a new edition is named by its day, and numbered where that runs already', () => {
  const now = new Date('2027-01-31T03:00:00Z')
  expect(nextEdition(all('20270130'), now)).toBe('20270131')
  expect(nextEdition(all('20270131'), now)).toBe('20270131-2')
  expect(nextEdition(all('20270131-2'), now)).toBe('20270131-3')
  expect(nextEdition(all('20280101'), now)).toBe('20280101-2')
  expect(nextEdition([...all('20270131'), ...all('20270131-2')], now)).toBe('20270131-3')
})

test('what apt would upgrade is read from its own words', () => {
  const said = `Inst openssl [3.5.7-1~deb13u3] (3.5.9-1~deb13u1 Debian:13.7/stable [amd64])
Inst linux-image-6.12.90+deb13-amd64 (6.12.90-1 Debian-Security:13/stable-security [amd64])
Conf openssl (3.5.9-1~deb13u1 Debian:13.7/stable [amd64])`
  expect(upgradableIn(said)).toEqual([
    { name: 'openssl', from: '3.5.7-1~deb13u3', to: '3.5.9-1~deb13u1' },
    { name: 'linux-image-6.12.90+deb13-amd64', to: '6.12.90-1' },
  ])
})
