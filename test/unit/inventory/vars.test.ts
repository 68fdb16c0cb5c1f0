import Type, { type TObject } from 'typebox'
import { expect, test } from 'vitest'
import { checkRoles } from '../../../src/inventory/index.ts'
import { t } from '../../../src/model/schema.ts'
import { Secret, toJson } from '../../../src/secret/secret.ts'
import { chrony, complaint, hostOf, load } from './support.ts'

/** Checks `vars.r` of one host against a schema. */
function check(vars: TObject, text: string): unknown {
  const inventory = load(`hosts: { h: { vars: { r: ${text} } } }`)
  return inventory.varsFor(hostOf(inventory, 'h'), { name: 'r', vars })
}
const why = '\n  wanted by role r on h'

test('defaults are filled in, and the inventory stays as it was', () => {
  const inventory = load('hosts: { h1: { vars: { chrony: { servers: [a] } } } }')
  const h1 = hostOf(inventory, 'h1')
  expect(inventory.varsFor(h1, chrony)).toEqual({ servers: ['a'], port: 123 })
  expect(h1.vars).toEqual({ chrony: { servers: ['a'] } })
})

test('all problems are told at once, an unknown key at the key itself', () => {
  const wrong = load('hosts:\n  h1: { vars: { chrony: { prt: 1, port: x } } }')
  expect(complaint(() => wrong.varsFor(hostOf(wrong, 'h1'), chrony))).toBe(
    [
      'F:2:25  chrony.servers is required: a list, found nothing\n  wanted by role chrony on h1',
      'F:2:27  chrony.prt is not known here\n  wanted by role chrony on h1\n' +
        '  → did you mean port? Known here: servers, port',
      'F:2:41  chrony.port must be a whole number, found "x"\n  wanted by role chrony on h1',
    ].join('\n\n'),
  )
})

test('a wrong value is shown where the winner of the levels wrote it', () => {
  const inventory = load(
    'vars: { chrony: { servers: [], port: 1 } }\nhosts:\n  h: { vars: { chrony: { port: x } } }',
  )
  expect(complaint(() => inventory.varsFor(hostOf(inventory, 'h'), chrony))).toContain('F:3:32  chrony.port')
})

test('a var that --set made wrong points at the --set', () => {
  const inventory = load('hosts: { h: }', ['chrony.servers=x'])
  expect(complaint(() => inventory.varsFor(hostOf(inventory, 'h'), chrony))).toContain(
    '--set chrony.servers=x  chrony.servers must be a list, found "x"',
  )
})

test.each([
  [
    'unknown keys deep inside are errors',
    Type.Object({ a: Type.Array(Type.Object({ bee: Type.Optional(Type.String()) })) }),
    '{ a: [{ be: x }] }',
    'F:1:34  r.a.0.be is not known here\n  wanted by role r on h\n  → did you mean bee? Known here: bee',
  ],
  [
    'a union of values is told as one',
    Type.Object({ a: Type.Union([Type.Literal('tcp'), Type.Literal('udp')]) }),
    '{ a: tpc }',
    `F:1:31  r.a must be tcp or udp, found "tpc"${why}`,
  ],
  [
    'of a union of types, only the branch that was meant is told',
    Type.Object({ a: Type.Union([Type.Integer({ maximum: 9 }), Type.String({ pattern: '^x' })]) }),
    '{ a: 10 }',
    `F:1:31  r.a must be at most 9, found 10${why}`,
  ],
  [
    'a union that nothing fits names all its branches',
    Type.Object({ a: Type.Union([Type.Integer(), Type.String()]) }),
    '{ a: [] }',
    `F:1:31  r.a must be a whole number or text, found []${why}`,
  ],
  [
    'a pattern is told',
    Type.Object({ a: Type.String({ pattern: '^x' }) }),
    '{ a: b }',
    `F:1:31  r.a must match ^x, found "b"${why}`,
  ],
  [
    'a form of text is told',
    Type.Object({ a: Type.String({ format: 'ipv4' }) }),
    '{ a: b }',
    `F:1:31  r.a must be text of the form ipv4, found "b"${why}`,
  ],
  [
    'a list may want items',
    Type.Object({ a: Type.Array(Type.String(), { minItems: 1 }) }),
    '{ a: [] }',
    `F:1:31  r.a must not be empty, found []${why}`,
  ],
  [
    'a secret of the wrong type shows only its name',
    Type.Object({ a: Type.Integer() }),
    '{ a: !secret env:HOME }',
    `F:1:39  r.a must be a whole number, found ‹secret HOME›${why}\n  → declare it t.Secret() in the vars of r, where it may be secret`,
  ],
])('%s', (_, vars, text, message) => {
  expect(complaint(() => check(vars, text))).toBe(message)
})

test('a secret stands where the role declares one, at any depth, and is called by its var', () => {
  const vars = t.Object({
    a: t.Secret({ pattern: '^/' }),
    b: t.Union([t.Literal('none'), t.Secret({ minLength: 1 })]),
    c: t.Integer({ default: 1 }),
    d: t.Array(t.Object({ token: t.Optional(t.Secret()) })),
    e: t.Record(t.String(), t.Secret()),
  })
  const answer = check(
    vars,
    '{ a: !secret env:HOME, b: none, d: [{ token: !secret env:HOME }, {}], e: { x: !secret env:HOME } }',
  )
  expect(toJson(answer)).toBe(
    toJson({
      a: '‹secret r.a (HOME)›',
      b: 'none',
      d: [{ token: '‹secret r.d.0.token (HOME)›' }, {}],
      e: { x: '‹secret r.e.x (HOME)›' },
      c: 1,
    }),
  )
  expect((answer as { a: Secret }).a.reveal()).toBe(process.env.HOME)
})

test.each([
  ['text', t.Object({ a: t.String() }), 'text'],
  ['text of a pattern', t.Object({ a: t.String({ pattern: '^[0-9]{40}$' }) }), 'text'],
  ['a list', t.Object({ a: t.Array(t.Unknown()) }), 'a list'],
  ['a map of anything', t.Object({ a: t.Record(t.String(), t.Unknown()) }), 'a map'],
  ['a map', t.Object({ a: t.Object({}) }), 'a map'],
])('a secret where the role declares %s is refused, and what to declare is said', (_, vars, words) => {
  const said = complaint(() => check(vars, '{ a: !secret env:HOME }'))
  expect(said).toContain(`r.a must be ${words}, found ‹secret HOME›`)
  expect(said).toContain('→ declare it t.Secret() in the vars of r')
})

test('plain text where a secret is declared is refused and not repeated, from the inventory and from --set', () => {
  const vars = t.Object({ a: t.Union([t.Literal('none'), t.Secret()]), b: t.Secret() })
  const said = complaint(() => check(vars, '{ a: hunter2, b: hunter2 }'))
  expect(said).toContain('F:1:43  r.b must be a secret, found plain text')
  expect(said).toContain('r.a must be none or a secret, found plain text')
  expect(said).toContain('→ !secret env:NAME or !secret file:PATH')
  expect(said).not.toContain('hunter2')
  const set = load('hosts: { h: }', ['r.a=none', 'r.b=hunter2'])
  const refused = complaint(() => set.varsFor(hostOf(set, 'h'), { name: 'r', vars }))
  expect(refused).toContain('--set r.b=…  r.b must be a secret, found plain text')
  expect(refused).not.toContain('hunter2')
  const good = load('hosts: { h: }', ['r.a=none', 'r.b=!secret env:HOME'])
  expect(good.varsFor(hostOf(good, 'h'), { name: 'r', vars })).toMatchObject({ b: expect.any(Secret) })
})

test('what a secret must be is held against its value, which is not told', () => {
  process.env.WEAK = 'abc'
  const said = complaint(() => check(t.Object({ a: t.Secret({ minLength: 8 }) }), '{ a: !secret env:WEAK }'))
  expect(said).toContain('r.a must be a secret that fits {"minLength":8}, found ‹secret WEAK›')
})

test('an intersection of maps takes the keys of all its parts and no others', () => {
  const both = Type.Intersect([Type.Object({ a: Type.String() }), Type.Object({ b: Type.String() })])
  const vars = Type.Object({ m: both })
  expect(check(vars, '{ m: { a: x, b: y } }')).toEqual({ m: { a: 'x', b: 'y' } })
  expect(complaint(() => check(vars, '{ m: { a: x, b: y, cc: z } }'))).toContain('r.m.cc is not known here')
})

test('a var may itself be called properties', () => {
  const vars = Type.Object({ properties: Type.Record(Type.String(), Type.Integer()) })
  expect(check(vars, '{ properties: { x: 1 } }')).toEqual({ properties: { x: 1 } })
})

test('vars of a role that is not there are an error with the nearest name, in a group without hosts too', () => {
  const inventory = load('vars: { chrny: {} }\ngroups: { g: { vars: { x: {} } } }\nhosts: { h1: }')
  expect(complaint(() => checkRoles(inventory, [chrony]))).toBe(
    'F:1:9  vars.chrny: there is no role chrny\n  → did you mean chrony? Known here: chrony\n\n' +
      'F:2:24  vars.x: there is no role x\n  → did you mean chrony? Known here: chrony',
  )
})

test('checking roles finds a wrong var once for all hosts, and leaves missing ones to the hosts that need them', () => {
  const inventory = load('vars: { chrony: { port: x } }\nhosts: { "h[1:3]": }')
  expect(complaint(() => checkRoles(inventory, [chrony]))).toBe(
    'F:1:25  chrony.port must be a whole number, found "x"\n  wanted by role chrony on h1',
  )
})
