import { expect, test } from 'vitest'
import { flagsOf, keyOf, withoutSecrets } from '../../../src/model/begun.ts'

test('what may be a secret is not kept; its name is', () => {
  expect(withoutSecrets(['images.edition=20270131', 'backup.password=hunter2', 'x.apiToken=abc'])).toEqual({
    set: ['images.edition=20270131'],
    withheld: ['backup.password', 'x.apiToken'],
  })
  expect(withoutSecrets([])).toEqual({})
})

test('the same playbook with the same flags has the same key; another flag makes another', () => {
  const asked = { file: 'playbooks/site.ts', limit: 'h2' }
  expect(keyOf({ limit: 'h2', file: 'playbooks/site.ts' })).toBe(keyOf(asked))
  expect(keyOf({ ...asked, prune: true })).not.toBe(keyOf(asked))
  expect(keyOf({ file: 'playbooks/site.ts' })).not.toBe(keyOf(asked))
})

test('flags are shown as they were typed', () => {
  expect(
    flagsOf({
      file: 'x.ts',
      limit: 'h2',
      tags: ['a', 'b'],
      from: 'etcd',
      prune: true,
      set: ['a.b=1'],
      withheld: ['a.password'],
    }),
  ).toBe('--limit h2 --tags a,b --from etcd --prune --set a.b=1 --set a.password=…')
})

test('asked again later it is the same', () => {
  const at = (time: string) => keyOf({ file: 'playbooks/dr-etcd-lost.ts', set: [`etcd-lost.at="${time}"`] })
  expect(at('2027-01-31T03-00-00Z')).toBe(at('2027-01-31T04-10-00Z'))
  expect(at('2027-01-31T03:00:00.000Z')).toBe(at('2027-01-31T04:10:00.123Z'))
  expect(at('2027-01-31T03-00-00Z')).not.toBe(keyOf({ file: 'playbooks/dr-etcd-lost.ts' }))
})
