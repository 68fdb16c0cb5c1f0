import { expect, test } from 'vitest'
import { limitOf } from '../../../src/cli/limits.ts'
import { playbook, role } from '../../../src/index.ts'
import { loadInventory } from '../../../src/inventory/index.ts'
import { complaint, file, hostOf, load } from './support.ts'

test.each(['', '# all commented out', 'vars: { r: { a: 1 } }', 'groups: { db: {} }', 'hosts: {}'])(
  'an inventory without hosts is told: %j',
  (text) => {
    expect(complaint(() => load(text))).toBe('F  the inventory has no hosts\n  → name them: hosts: { db1: }')
    // Its secrets can be kept all the same.
    expect(loadInventory(file, { mayBeEmpty: true }).hosts).toEqual([])
  },
)

test.each([
  ['one address', 'hosts: { a: { address: 10.0.0.1 }, b: { address: 10.0.0.1 } }', '10.0.0.1, port 22'],
  [
    'a name and its capitals',
    'hosts: { a: { address: DB.example }, b: { address: db.example } }',
    'db.example',
  ],
  [
    'the default port, said and not said',
    'hosts: { a: { address: x, connection: { port: 22 } }, b: { address: x } }',
    'x, port 22',
  ],
  ['an address by name', 'hosts: { db1: , b: { address: db1 } }', 'db1, port 22'],
  [
    'this machine',
    'connection: { transport: local }\nhosts: { a: , b: { address: 10.0.0.9 } }',
    'this machine itself',
  ],
])('two names for one machine are refused, with the place: %s', (_, text, what) => {
  const said = complaint(() => load(text))
  expect(said).toMatch(/^F:\d+:\d+ {2}(a|db1) and b are one machine: both are /)
  expect(said).toContain(what)
})

test.each([
  'hosts: { a: { address: x }, b: { address: x, connection: { port: 2222 } } }',
  'hosts: { a: { address: x }, b: { address: x, connection: { jump: ops@bastion } } }',
  'hosts: { a: { address: x, connection: { socket: a.sock } }, b: { address: x, connection: { socket: b.sock } } }',
])('another port, way or socket leads to another machine: %s', (text) => {
  expect(load(text).hosts).toHaveLength(2)
})

test('anchors may be used by many hosts; what multiplies itself is refused', () => {
  const hosts = Array.from({ length: 300 }, (_, i) => `  h${i}: { connection: *c }`).join('\n')
  expect(load(`connection: &c { user: ops }\nhosts:\n${hosts}`).hosts).toHaveLength(300)
  const bomb = Array.from({ length: 12 }, (_, i) => `  a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}]`).join(
    '\n',
  )
  expect(complaint(() => load(`vars:\n  a0: &a0 [x]\n${bomb}\nhosts: { h: }`))).toContain(
    'the anchors (&) and aliases (*) of this file cannot be resolved',
  )
})

test('where a host is reached by is the line that says so, or the host', () => {
  const inventory = load('connection: { user: ops }\nhosts:\n  a: { connection: { user: root } }\n  b:')
  expect(inventory.whereOf(hostOf(inventory, 'a'))).toMatch(/:3:28$/)
  expect(inventory.whereOf(hostOf(inventory, 'b'))).toMatch(/:1:21$/)
  const silent = load('hosts:\n  a:')
  expect(silent.whereOf(hostOf(silent, 'a'))).toMatch(/:2:3$/)
})

const text = 'groups: { db: { hosts: [a, b] }, empty: {} }\nhosts: { a: , b: , c: }'
const plays = playbook('site', { on: 'db', roles: [role({ name: 'r', resources: () => [] })] })

test.each([
  ['db,!db', '--limit db,!db selects no host'],
  ['empty', '--limit empty selects no host'],
  ['!all', '--limit !all selects no host'],
  ['c', '--limit c: no play of site runs on c\n  → it runs on a, b'],
  ['', 'a selection of hosts must name a group or host, found nothing'],
  [' , ', 'a selection of hosts must name a group or host, found nothing'],
])('--limit %j selects nobody, and is refused', (limit, what) => {
  expect(complaint(() => limitOf(limit, load(text), plays))).toContain(what)
})

test('a limit that selects somebody; none at all', () => {
  expect(limitOf('a,c', load(text), plays)).toEqual(new Set(['a', 'c']))
  expect(limitOf(undefined, load(text), plays)).toBeUndefined()
})
