import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Type from 'typebox'
import { afterAll, expect, test } from 'vitest'
import { checkRoles, formatGraph, formatShow, loadInventory } from '../../../src/inventory/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'provision-inventory-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'test.yaml')

const good = `vars: { chrony: { servers: [a], port: 1 } }
connection: { user: ops, key: keys/id }
groups:
  site: { children: [db], vars: { chrony: { port: 2 } } }
  db: { hosts: ['h[1:2]'], vars: { chrony: { port: 3, servers: [b] } } }
hosts:
  h[1:3]: { address: '10.0.0.1[1:3]' }
  h2: { vars: { chrony: { port: 4 } }, connection: { user: root } }
`

function load(text: string, set: readonly string[] = []) {
  writeFileSync(file, text)
  return loadInventory(file, { set })
}

/** Where the value of `key: value` stands in the good inventory. */
function place(pair: string): string {
  const before = good.slice(0, good.indexOf(pair) + 'port: '.length)
  return `F:${before.split('\n').length}:${before.length - before.lastIndexOf('\n')}`
}

function complaint(act: () => unknown): string {
  try {
    act()
    return 'none'
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).replaceAll(file, 'F')
  }
}

const role = {
  name: 'chrony',
  vars: Type.Object({ servers: Type.Array(Type.String()), port: Type.Integer({ default: 123 }) }),
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
  const [, h2] = inventory.hosts
  if (!h2) throw new Error('no h2')
  const origins = inventory.originsOf(h2, ['chrony', 'port'])
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

test.each([
  ['hots: {}', 'F:1:1  hots is not known here\n  → did you mean hosts?'],
  ['hosts: { h1: { adress: x } }', 'F:1:16  hosts.h1.adress is not known here\n  → did you mean address?'],
  ['connection: { port: ssh }', 'F:1:21  connection.port must be an integer, found "ssh"'],
  [
    'hosts: { h1: }\ngroups: { db: { hosts: [h2] } }',
    'F:2:25  groups.db.hosts: there is no host h2\n  → did you mean h1?',
  ],
  [
    'groups: { db: { children: [dc] } }',
    'F:1:28  groups.db.children: there is no group dc\n  → did you mean db?',
  ],
  ['groups: { a: { children: [b] }, b: { children: [a] } }', 'F:1:11  groups.a is its own descendant'],
  ['hosts: { "h[3:1]": }', 'F:1:10  hosts.h[3:1] is not a range such as db[1:3]'],
  ['hosts: {h1: {', 'F:1:'],
])('bad input is named with its place: %s', (text, message) => {
  expect(complaint(() => load(text))).toContain(message)
})

test('vars are checked against the role, with defaults, and a slip of the hand is an error', () => {
  const inventory = load('hosts: { h1: { vars: { chrony: { servers: [a] } } } }')
  const [h1] = inventory.hosts
  if (!h1) throw new Error('no h1')
  expect(inventory.varsFor(h1, role)).toEqual({ servers: ['a'], port: 123 })
  const wrong = load('hosts: { h1: { vars: { chrony: { servers: [a], prt: 1, port: x } } } }')
  const said = complaint(() => wrong.hosts.map((h) => wrong.varsFor(h, role)))
  expect(said).toContain('chrony.prt is not known here')
  expect(said).toContain('chrony.port must be an integer, found "x"')
  expect(said).toContain('wanted by role chrony on h1')
})

test('vars of a role that is not there are an error with the nearest name', () => {
  const inventory = load('vars: { chrny: {} }\nhosts: { h1: }')
  expect(complaint(() => checkRoles(inventory, [role]))).toBe(
    'F:1:16  vars.chrny: there is no role chrny\n  → did you mean chrony? Known here: chrony',
  )
})
