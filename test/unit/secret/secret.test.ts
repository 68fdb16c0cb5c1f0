import { format, inspect } from 'node:util'
import { expect, test } from 'vitest'
import {
  command,
  dropIn,
  file,
  group,
  hostname,
  InputError,
  link,
  mount,
  pkg,
  resource,
  Secret,
  secret,
  service,
  sh,
  sysctl,
  user,
} from '../../../src/index.ts'
import { digestOf, keyDigestsBy, keyed } from '../../../src/secret/digest.ts'
import { hide, hideIn, holdsSecret } from '../../../src/secret/known.ts'
import { masked, toJson } from '../../../src/secret/secret.ts'

const pass = new Secret('app.pass (env:PASS)', 'tops$&cret')
// What a role in JavaScript, or with a cast, may do all the same.
// biome-ignore lint/suspicious/noExplicitAny: on purpose
const any = pass as any

test.each<readonly [string, () => unknown]>([
  ['a template string', () => `PASS=${pass}`],
  ['+', () => any + any],
  ['String()', () => String(pass)],
  ['toString', () => pass.toString()],
  ['toLocaleString', () => any.toLocaleString()],
  ['join', () => ['a', pass].join('\n')],
  ['concat', () => 'a'.concat(any)],
  ['replace', () => 'a'.replace('a', any)],
  ['JSON.stringify', () => JSON.stringify({ deep: [{ pass }] })],
  ['a key', () => ({ [any]: 1 })],
  ['<', () => any < 1],
  ['a number', () => Number(pass)],
  ['encodeURIComponent', () => encodeURIComponent(any)],
  ['a URL', () => new URL(any)],
  ['a regular expression', () => /x/.test(any)],
  ['format %d', () => format('%d', pass)],
  ['String.raw', () => String.raw`\n${pass}`],
])('text of a secret by %s throws, with its name and the line', (_, act) => {
  let thrown: unknown
  try {
    act()
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(InputError)
  const { message } = thrown as Error
  expect(message).toMatch(
    /^test\/unit\/secret\/secret\.test\.ts:\d+:\d+ {2}the secret app\.pass \(env:PASS\)/,
  )
  expect(message).toContain('secret`…$' + '{value}…`')
  expect(message).not.toContain('tops')
})

test('printing something that has a secret inside shows its mask', () => {
  expect(inspect({ a: [pass] })).toBe('{ a: [ ‹secret app.pass (env:PASS)› ] }')
})

test('reports write JSON with masks, and only they', () => {
  expect(toJson({ pass, other: [1] })).toBe('{"pass":"‹secret app.pass (env:PASS)›","other":[1]}')
  expect(() => JSON.stringify({ pass })).toThrow(InputError)
})

test('the tag makes a Secret of the whole text, as an ordinary template would', () => {
  const whole = secret`A=${1}\tB=${'x'}\nPASS=${pass}\u00fc\n`
  expect(whole.reveal()).toBe('A=1\tB=x\nPASS=tops$&cretü\n')
  expect(masked(whole)).toBe('A=1\tB=x\nPASS=‹secret app.pass (env:PASS)›ü\n')
  const nested = secret`[${whole}|${new Secret('other', 'o')}]`
  expect(nested.reveal()).toBe('[A=1\tB=x\nPASS=tops$&cretü\n|o]')
  expect(nested.name).toBe('app.pass (env:PASS), other')
  // Without a Secret in it, what is secret is its letters.
  expect([secret`hunter2`.reveal(), masked(secret`hunter2`)]).toEqual(['hunter2', '‹secret text›'])
})

test.each([[['a']], [undefined], [null], [{}], [true], [() => 1]])(
  'the tag refuses %j with its line',
  (part) => {
    expect(() => secret`x${part as unknown as string}`).toThrow(
      /^test\/unit\/secret\/secret\.test\.ts:\d+:\d+ {2}a secret text takes text, numbers and Secrets, not /,
    )
  },
)

test('random texts with secrets in them: whole on the wire, never in what is shown', () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1e9)
  console.log(`seed ${seed}`)
  let state = seed
  const random = (n: number) => {
    state = (state * 1103515245 + 12345) & 0x7fffffff
    return state % n
  }
  const letters = ['a', "'", '"', '$', '\\', '\n', 'é', '{{', '}}', '%s', ' ', '`', '-', '='] as const
  const text = (n: number) => Array.from({ length: n }, () => letters[random(letters.length)]).join('')
  for (let i = 0; i < 500; i++) {
    const value = `${text(3)}#${random(1e6)}#${text(3)}`
    const one = new Secret(`s${i}`, value)
    const [before, after] = [text(random(9)), text(random(9))]
    const whole = secret`${before}${one}${after}`
    expect(whole.reveal()).toBe(before + value + after)
    const script = sh`printf %s ${whole} ${['x', one]}`
    expect(masked(whole) + script.shown + toJson({ whole })).not.toContain(value)
    expect(hide(`said ${value}!`)).toBe(`said ‹secret s${i}›!`)
  }
})

test('a value that turns up in a report all the same is hidden: by a command that prints it, or a role that has revealed it', () => {
  expect(hide('login failed for tops$&cret at db')).toBe(
    'login failed for ‹secret app.pass (env:PASS)› at db',
  )
  expect(hideIn({ a: ['x tops$&cret'], n: 1 })).toEqual({ a: ['x ‹secret app.pass (env:PASS)›'], n: 1 })
  expect(hideIn({ type: 'tops$&cret', host: 'tops$&cret' })).toEqual({
    type: 'tops$&cret',
    host: 'tops$&cret',
  })
  const pem = `-----BEGIN PRIVATE KEY-----\n${'A'.repeat(64)}\n-----END PRIVATE KEY-----`
  void new Secret('key', pem)
  expect(hide(`bad line: ${'A'.repeat(64)}`)).toBe('bad line: ‹secret key›')
})

test('a digest of something secret says nothing without the key, and is the same with it', () => {
  keyDigestsBy(() => 'one')
  const [a, wish] = [keyed('1234'), digestOf({ content: new Secret('weak', '12345') })]
  expect(keyed('1234')).toBe(a)
  // Revealed, and put into plain text: known all the same.
  expect(holdsSecret('login 12345')).toBe(true)
  const revealed = digestOf({ run: 'login 12345' })
  keyDigestsBy(() => 'two')
  expect(keyed('1234')).not.toBe(a)
  expect(digestOf({ content: new Secret('weak', '12345') })).not.toBe(wish)
  expect(digestOf({ run: 'login 12345' })).not.toBe(revealed)
  const plain = digestOf({ content: 'plain' })
  keyDigestsBy(() => 'one')
  expect(digestOf({ content: 'plain' })).toBe(plain)
  // Two secrets of one name are two wishes.
  expect(digestOf([new Secret('n', 'abcd')])).not.toBe(digestOf([new Secret('n', 'efgh')]))
})

const kind = {
  name: 'download',
  probe: () => ({ script: sh`:`, parse: () => [] }),
  plan: () => [],
  apply: () => sh`:`,
}

test.each<readonly [string, () => unknown]>([
  ['a path', () => file(any, { content: '' })],
  ['an owner', () => file('/x', { content: '', owner: any })],
  ['a validation', () => file('/x', { content: '', validate: any })],
  ['a package', () => pkg(any)],
  ['a version', () => pkg('x', { version: any })],
  ['a unit', () => service(any)],
  ['a user', () => user(any)],
  ['a shell', () => user('bob', { shell: any })],
  ['a group', () => group(any)],
  ['a host name', () => hostname(any)],
  ['a link', () => link('/x', { to: any })],
  ['a device', () => mount('/x', { device: any, fstype: 'tmpfs' })],
  ['a kernel value', () => sysctl('a.b', any)],
  ['a name of a command', () => command(any, { run: 'x', unless: 'y' })],
  ['a unit of a drop-in', () => dropIn(any, 'x', 'y')],
  ['a kind that does not say so', () => resource(kind, 'x', { url: 'u', token: pass })],
])('a secret where none belongs is refused at once, with the line: %s', (_, act) => {
  expect(act).toThrow(InputError)
  expect(act).toThrow(/^test\/unit\/secret\/secret\.test\.ts:\d+:\d+ /)
})

test('a kind of your own says which parts of its wish may be secret', () => {
  const open = { ...kind, secrets: ['token'] }
  expect(resource(open, 'x', { url: 'u', token: pass }).desired.token).toBe(pass)
})

test('a script with a secret in it stays secret in a command', () => {
  const { desired } = command('login', { run: sh`login ${pass}`, unless: 'true' }) as {
    desired: { run: unknown }
  }
  expect(desired.run).toBeInstanceOf(Secret)
  expect((desired.run as Secret).reveal()).toBe("login 'tops$&cret'")
  expect(masked(desired.run as Secret)).toBe('login ‹secret app.pass (env:PASS)›')
})
