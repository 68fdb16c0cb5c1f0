import { expect, test } from 'vitest'
import { allowedBy, withExpired } from '../../../src/audit/policy.ts'
import { portRows } from '../../../src/audit/port-matrix.ts'
import { letsIn, wayBack } from '../../../src/audit/way-back.ts'
import { parseHistory } from '../../../src/firewall/history.ts'
import { digestOf } from '../../../src/firewall/load.ts'
import { parseSave } from '../../../src/firewall/parse.ts'
import { type Policy, render, textsOf } from '../../../src/firewall/render.ts'
import { covers, withoutCovered } from '../../../src/firewall/rules.ts'

const line = { protocol: 'tcp' as const, ports: [5432], reason: 'trial', owner: 'ops', until: '2026-01-31' }
const ssh = { from: ['10.0.0.0/24'], protocol: 'tcp' as const, ports: [22], reason: 'ssh', by: 'firewall' }
const policy: Policy = {
  flows: [ssh, { from: ['any'], protocol: 'tcp', ports: ['8000:8010'], reason: 'web' }],
  denied: [{ ...line, from: ['10.0.0.66'], ports: [22] }],
  published: [],
  expired: { flows: [{ ...line, from: ['10.0.0.7'], reason: 'past' }], denied: [], published: [] },
  external: ['eth0'],
}

test('deny comes first; ranges and networks count', () => {
  const ask = (source: string, port: number) =>
    allowedBy(policy, { family: 4, protocol: 'tcp', source, port })?.reason
  expect([ask('10.0.0.1', 22), ask('10.0.0.66', 22), ask('10.0.1.1', 22), ask('1.2.3.4', 8005)]).toEqual([
    'ssh',
    undefined,
    undefined,
    'web',
  ])
})

test('a denied source is dropped before anything is let in, and the host says who asked for it', () => {
  const rows = render(policy, 4).split('\n')
  const at = (text: string) => rows.findIndex((row) => row.includes(text))
  expect(at('10.0.0.66')).toBeLessThan(at('10.0.0.0/24'))
  expect(rows[at('10.0.0.66')]).toContain('"trial [ops, until 2026-01-31]" -j DROP')
})

test('a line past its day: not rendered; still a wish while its rule is loaded', () => {
  expect(render(policy, 4)).not.toContain('10.0.0.7')
  const was = { ...policy, flows: [...policy.flows, ...(policy.expired?.flows ?? [])] }
  const loaded = { 4: parseSave(render(was, 4), 4), 6: parseSave(render(was, 6), 6) }
  expect(withExpired(policy, loaded).still.map((f) => f.reason)).toEqual(['past'])
  expect(withExpired(policy, loaded).wish.texts[4]).toContain('10.0.0.7')
  const now = { 4: parseSave(render(policy, 4), 4), 6: parseSave(render(policy, 6), 6) }
  expect(withExpired(policy, now).gone.map((f) => f.reason)).toEqual(['past'])
  expect(withExpired(policy, now).wish.texts).toEqual(textsOf(policy))
})

test('an address that a network of the same line holds gets no rule of its own', () => {
  expect(withoutCovered(['10.0.0.0/8', '10.1.2.3', '10.2.0.0/16', '192.0.2.1', 'fd00::1'])).toEqual([
    '10.0.0.0/8',
    '192.0.2.1',
    'fd00::1',
  ])
  expect(withoutCovered(['10.0.0.1', 'any'])).toEqual(['any'])
  expect([covers('10.0.0.0/8', '10.0.0.0/7'), covers('fd00::/8', '10.0.0.1')]).toEqual([false, false])
})

test('the port matrix has one row for a line of many hosts', () => {
  const rows = portRows(
    new Map([
      ['a', policy],
      ['b', policy],
    ]),
  )
  expect(rows.map((r) => [r.act, r.reason, r.to.join()])).toEqual([
    ['deny', 'trial', 'a,b'],
    ['allow', 'ssh', 'a,b'],
    ['allow', 'web', 'a,b'],
    ['expired', 'past', 'a,b'],
  ])
})

test('the way back: to what was confirmed last where it was changed since, else to what was before', () => {
  const entry = (at: string, four: string) => ({
    at,
    who: 'x',
    texts: { 4: four, 6: '' },
    before: '',
    after: '',
  })
  const history = [entry('1', 'old'), entry('2', 'new')]
  const digest = digestOf({ 4: 'new', 6: '' })
  expect(wayBack(history, { digest, isLoaded: true })?.at).toBe('1')
  expect(wayBack(history, { digest, isLoaded: false })?.at).toBe('2')
  expect(wayBack([entry('2', 'new')], { digest, isLoaded: true })).toBeUndefined()
})

test('rules that would not let our own connection in are known before they are loaded', () => {
  const texts = textsOf(policy)
  expect(letsIn(texts, { from: '10.0.0.1', to: '10.0.0.9', port: 22 })).toBe(true)
  expect(letsIn(texts, { from: '10.0.0.66', to: '10.0.0.9', port: 22 })).toBe(false)
  expect(letsIn(texts, { from: '192.0.2.1', to: '10.0.0.9', port: 22 })).toBe(false)
})

test('the history as a host prints it', () => {
  const text = `==> 2026-01-01T00:00:00.000Z/who <==
ops@desk pid 1

==> 2026-01-01T00:00:00.000Z/v4 <==
*filter
COMMIT

==> 2026-01-01T00:00:00.000Z/after <==
:INPUT DROP
`
  expect(parseHistory(text)).toEqual([
    {
      at: '2026-01-01T00:00:00.000Z',
      who: 'ops@desk pid 1',
      texts: { 4: '*filter\nCOMMIT\n', 6: '' },
      before: '',
      after: ':INPUT DROP\n',
    },
  ])
})
