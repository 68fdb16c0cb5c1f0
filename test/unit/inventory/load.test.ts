import { homedir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { formatGraph, formatList, formatShow } from '../../../src/inventory/index.ts'
import { complaint, file, folder, hostOf, load } from './support.ts'

const good = `vars: { chrony: { servers: [a], port: 1 } }
connection: { user: ops, key: keys/id }
groups:
  site: { children: [db], vars: { chrony: { port: 2 } } }
  db: { hosts: ['h[1:2]'], vars: { chrony: { port: 3, servers: [b] } } }
hosts:
  h[1:3]: { address: '10.0.0.1[1:3]' }
  h2: { vars: { chrony: { port: 4 } }, connection: { user: root } }
`

/** Where the value of `key: value` stands in the good inventory. */
function place(pair: string): string {
  const before = good.slice(0, good.indexOf(pair) + 'port: '.length)
  return `F:${before.split('\n').length}:${before.length - before.lastIndexOf('\n')}`
}

test('a range of names moves with the range of addresses', () => {
  expect(load(good).hosts.map((h) => [h.name, h.address])).toEqual([
    ['h1', '10.0.0.11'],
    ['h2', '10.0.0.12'],
    ['h3', '10.0.0.13'],
  ])
})

test('all < parent group < child group < host < --set; maps merge and lists replace', () => {
  expect(load(good).hosts.map((h) => h.vars)).toEqual([
    { chrony: { servers: ['b'], port: 3 } },
    { chrony: { servers: ['b'], port: 4 } },
    { chrony: { servers: ['a'], port: 1 } },
  ])
  expect(load(good, ['chrony.port=9']).hosts.map((h) => h.vars.chrony)).toMatchObject([
    { port: 9 },
    { port: 9 },
    { port: 9 },
  ])
})

test('connection settings merge the same way, and paths are relative to the file', () => {
  expect(load(good).hosts.map((h) => [h.connection.user, h.connection.key])).toEqual([
    ['ops', join(folder, 'keys/id')],
    ['root', join(folder, 'keys/id')],
    ['ops', join(folder, 'keys/id')],
  ])
})

test('every value can tell where it came from, and what it overrode', () => {
  const inventory = load(good)
  const h2 = hostOf(inventory, 'h2')
  const origins = inventory.originOf(h2, ['chrony', 'port'])
  expect(origins.map((o) => [o.value, o.level, o.where.replace(file, 'F')])).toEqual([
    [4, 'host h2', place('port: 4')],
    [3, 'group db', place('port: 3')],
    [2, 'group site', place('port: 2')],
    [1, 'all', place('port: 1')],
  ])
  expect(formatShow(inventory, h2)).toContain('chrony.port = 4   (host h2')
})

test('hosts are selected by group, name, glob, union and exclusion', () => {
  const inventory = load(good)
  const names = (pattern: string) => inventory.select(pattern).map((h) => h.name)
  expect([
    names('all'),
    names('site'),
    names('h3,h1'),
    names('all,!db'),
    names('h*,!h2'),
    names('!h1'),
  ]).toEqual([['h1', 'h2', 'h3'], ['h1', 'h2'], ['h1', 'h3'], ['h3'], ['h1', 'h3'], ['h2', 'h3']])
  expect(complaint(() => inventory.select('dv'))).toContain(
    'there is no host or group dv in the inventory\n  → did you mean db?',
  )
})

test('the graph shows children and loose hosts', () => {
  expect(formatGraph(load(good))).toBe('@all\n  @site\n    @db\n      h1\n      h2\n  h3')
})

test('a chain of single parents counts its depth, not its ancestors', () => {
  const text = `groups:
  d: { hosts: [h], vars: { r: { v: d } } }
  c: { hosts: [h], vars: { r: { v: c } } }
  a: { children: [c] }
  b: { children: [c] }
  x: { children: [y] }
  y: { children: [d] }
hosts: { h: }`
  // c lies under two groups and d under two as well, but d lies deeper.
  expect(hostOf(load(text), 'h').vars).toEqual({ r: { v: 'd' } })
})

test('of groups at the same depth, the later one in the file wins', () => {
  const text =
    'groups: { b: { hosts: [h], vars: { r: { v: b } } }, a: { hosts: [h], vars: { r: { v: a } } } }'
  expect(hostOf(load(`${text}\nhosts: { h: }`), 'h').vars).toEqual({ r: { v: 'a' } })
})

test('a plain key wins over a range even when it stands first', () => {
  const inventory = load('hosts: { h2: { address: b }, "h[1:2]": { address: "a[1:2]" } }')
  expect(inventory.hosts.map((h) => [h.name, h.address])).toEqual([
    ['h2', 'b'],
    ['h1', 'a1'],
  ])
})

test('the address of a host is its name when nothing else is said, and the rest has defaults', () => {
  expect(load('hosts: { db1.example: }').hosts[0]).toEqual({
    name: 'db1.example',
    address: 'db1.example',
    groups: [],
    vars: {},
    connection: { transport: 'ssh', become: false, hostKeys: [], connectTimeoutSeconds: 10 },
  })
})

test('a home folder is expanded in paths', () => {
  const [host] = load('connection: { key: ~/k, knownHosts: ../kh }\nhosts: { h: }').hosts
  expect(host?.connection).toMatchObject({ key: join(homedir(), 'k'), knownHosts: join(folder, '../kh') })
})

test('what a plain value replaced is no origin of what lay below it', () => {
  const inventory = load('vars: { r: { m: { x: 1 } } }\nhosts: { h: { vars: { r: { m: off } } } }')
  const h = hostOf(inventory, 'h')
  expect(inventory.originOf(h, ['r', 'm', 'x'])).toEqual([])
  expect(inventory.originOf(h, ['r', 'm']).map((o) => o.value)).toEqual(['off', { x: 1 }])
})

test('--set is the first origin, and names itself', () => {
  const inventory = load(good, ['chrony.port=9'])
  const [first] = inventory.originOf(hostOf(inventory, 'h1'), ['chrony', 'port'])
  expect(first).toEqual({ value: 9, level: '--set', where: '--set chrony.port=9' })
})

test('what is taken away stays away, whatever the order of the words', () => {
  expect(
    load(good)
      .select('!h1,db')
      .map((h) => h.name),
  ).toEqual(['h2'])
})

test('a range selects hosts', () => {
  expect(
    load(good)
      .select('h[2:3]')
      .map((h) => h.name),
  ).toEqual(['h2', 'h3'])
})

test('an empty selection is an error and never every host', () => {
  expect(complaint(() => load(good).select(' , '))).toBe(
    'a selection of hosts must name a group or host, found nothing\n  → for every host, say all',
  )
})

test('the list has a line a host', () => {
  expect(formatList(load(good))).toBe('h1  10.0.0.11  site, db\nh2  10.0.0.12  site, db\nh3  10.0.0.13')
})

test('show prints every leaf with its origin and what it overrode', () => {
  const inventory = load('vars: { r: { a: 1, e: {} } }\nhosts: { h: { vars: { r: { a: 2 } } } }')
  expect(formatShow(inventory, hostOf(inventory, 'h')).replaceAll(file, 'F')).toBe(
    ['h  h  groups: none', '  r.a = 2   (host h F:2:31, over all F:1:17)', '  r.e = {}   (all F:1:23)'].join(
      '\n',
    ),
  )
})
