import { expect, test } from 'vitest'
import databases from '../../../roles/databases.ts'
import { imageSet } from '../../../roles/sheets/images.ts'

const given = (vector: string, ruvector: boolean) => ({
  vars: { list: [{ name: 'd', owner: 'd_app', vector, readers: [], writers: [] }] },
  shared: { images: { base: 'debian:trixie', ruvector } },
})

test('RuVector without its layer, and beside pgvector, is refused with what to set', () => {
  expect(() => databases.check(given('ruvector', false))).toThrow(
    /d asks for RuVector.*images\.ruvector: true/s,
  )
  expect(() => databases.check(given('both', true))).toThrow(/d asks for pgvector and RuVector at once/)
  expect(() => databases.check(given('ruvector', true))).not.toThrow()
  expect(() => databases.check(given('pgvector', false))).not.toThrow()
})

test('with the layer on, PostgreSQL is the image above the plain one; all others stay as they are', () => {
  const plain = imageSet({ base: 'debian:trixie' }, [])
  const layered = imageSet({ base: 'debian:trixie', ruvector: true, crates: 'http://index.crates.io' }, [])
  expect(layered.postgres.tag).toMatch(/\/ruvector:[0-9a-f]{12}$/)
  expect(layered.postgres.build.args).toMatchObject({
    BASE: plain.postgres.tag,
    CRATES: 'http://index.crates.io',
  })
  expect(layered.all).toEqual([...plain.all, layered.postgres])
  expect([layered.etcd, layered.proxy]).toEqual([plain.etcd, plain.proxy])
})
