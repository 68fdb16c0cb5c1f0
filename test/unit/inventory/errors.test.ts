import { expect, test } from 'vitest'
import { InputError } from '../../../src/errors.ts'
import { loadInventory } from '../../../src/inventory/index.ts'
import { complaint, load } from './support.ts'

const top = 'Known here: vars, connection, secrets, groups, hosts'

test.each([
  ['hots: {}', `F:1:1  hots is not known here\n  → did you mean hosts? ${top}`],
  [
    'hosts:\n  h1: { adress: x }',
    'F:2:9  hosts.h1.adress is not known here\n  → did you mean address? Known here: address, vars, connection',
  ],
  ['connection: { port: ssh }', 'F:1:21  connection.port must be a whole number, found "ssh"'],
  ['connection: { port: 70000 }', 'F:1:21  connection.port must be at most 65535, found 70000'],
  ['connection: { user: "" }', 'F:1:21  connection.user must not be empty, found ""'],
  [
    'connection: { transport: shh }',
    'F:1:26  connection.transport must be ssh or local, found "shh"\n  → did you mean ssh? Known here: ssh, local',
  ],
  // YAML 1.2: `no` is text.
  ['connection: { become: no }', 'F:1:23  connection.become must be true or false, found "no"'],
  ['hosts: [h1]', 'F:1:8  hosts must be a map, found ["h1"]'],
  ['hosts: { h1: 10.0.0.1 }', 'F:1:14  hosts.h1 must be a map or nothing, found "10.0.0.1"'],
  ['- a', 'F:1:1  the file must be a map, found ["a"]'],
  [
    'hosts: { h1: }\ngroups: { db: { hosts: [h2] } }',
    'F:2:25  groups.db.hosts: there is no host h2\n  → did you mean h1? Known here: h1',
  ],
  [
    'groups: { db: { children: [dc] } }',
    'F:1:28  groups.db.children: there is no group dc\n  → did you mean db? Known here: db',
  ],
  [
    'groups: { a: { children: [b] }, b: { children: [a] } }',
    'F:1:11  groups.a must not be inside itself, found a > b > a',
  ],
  ['groups: { a: { children: [a] } }', 'F:1:11  groups.a must not be inside itself, found a > a'],
  ['groups: { all: }', 'F:1:11  groups.all: all is every host already; write its vars at the top'],
  ['hosts: { x: }\ngroups: { x: }', 'F:2:11  groups.x: a host has this name already'],
  ['hosts: { "h[3:1]": }', 'F:1:10  hosts.h[3:1] must be a name or a range such as db[1:3], found h[3:1]'],
  ['hosts: { "!h": }', 'F:1:10  hosts.!h must be a name of letters, digits, _ . and -, and not all'],
  [
    'hosts:\n  h[1:3]:\n  h[3:4]:',
    'F:3:3  hosts.h[3:4]: the host h3 is already in hosts.h[1:3]\n' +
      '  → ranges must not overlap; to refine one host, write a plain key h3',
  ],
  [
    'hosts: { "h[1:3]": { address: "a[1:2]" } }',
    'F:1:31  hosts.h[1:3].address must be a range of 3, as the name is, found 2 addresses in a[1:2]',
  ],
  [
    'hosts: { "h[1:3]": { address: a } }',
    'F:1:31  hosts.h[1:3].address must be a range of 3, as the name is, found a\n' +
      '  → several hosts cannot have one address: write a range such as 192.0.2.1[1:3]',
  ],
  ['hosts:\n  h1: {}\n  h1: {}', 'F:3:3  this key is written twice in one map; a key may stand there once'],
  ['vars: { r: { p: !vault x } }', 'F:1:17  there is no tag !vault\n  → did you mean !secret?'],
  [
    'vars: { r: { p: !secret env:NO_SUCH_NAME } }',
    'F:1:17  !secret env:NO_SUCH_NAME: the environment has no NO_SUCH_NAME',
  ],
  ['vars: { r: { p: !secret file:gone } }', 'F:1:17  !secret file:gone: cannot be read'],
  ['vars: { r: { p: !secret x } }', 'F:1:17  !secret takes env:NAME or file:PATH'],
])('bad input is named with its place: %s', (text, message) => {
  expect(complaint(() => load(text))).toBe(message)
})

test('bad YAML is named with its place', () => {
  expect(complaint(() => load('hosts:\n  h1: {'))).toMatch(/^F:2:8 {2}not YAML: /)
})

test('all problems are told at once', () => {
  const said = complaint(() => load('hots: {}\nconnection: { port: ssh }'))
  expect(said.split('\n\n').map((problem) => problem.split(' ')[0])).toEqual(['F:1:1', 'F:2:21'])
})

test('a file that is not there is bad input', () => {
  expect(() => loadInventory('no/such.yaml')).toThrow(InputError)
  expect(() => loadInventory('no/such.yaml')).toThrow('cannot read the inventory no/such.yaml')
})

test.each(['chrony=1', 'chrony', 'a..b=1', '.a=1'])('--set %s is refused', (text) => {
  expect(complaint(() => load('', [text]))).toBe(
    `--set ${text}  --set must be role.key=value, found "${text}"`,
  )
})
