import { expect, test } from 'vitest'
import type { RunOptions } from '../../../src/engine/options.ts'
import { run } from '../../../src/engine/run.ts'
import { wantedBy } from '../../../src/engine/scene.ts'
import { ConnectError } from '../../../src/errors.ts'
import {
  command,
  file,
  InputError,
  type Kind,
  os,
  type Play,
  playbook,
  type Resources,
  resource,
  role,
  Secret,
  service,
  sh,
} from '../../../src/index.ts'
import type { Event } from '../../../src/model/event.ts'
import type { Host } from '../../../src/model/host.ts'

const host: Host = {
  name: 'h1',
  address: 'h1',
  groups: [],
  vars: {},
  connection: { transport: 'ssh', become: false, hostKeys: [], connectTimeoutSeconds: 1 },
}
const root = process.cwd()

/** Runs one role on a host that nobody can reach; what is known before the first connection is thrown. */
async function attempt(resources: () => unknown, more: Partial<RunOptions> = {}, play: Partial<Play> = {}) {
  const events: Event[] = []
  const wishes = role({ name: 'wishes', resources: resources as () => Resources })
  const result = await run({
    playbook: playbook('test', { name: 'small', on: 'all', roles: [wishes], ...play }),
    inventoryFile: 'none',
    hostsOf: () => [host],
    varsOf: () => ({}),
    connect: async () => {
      throw new ConnectError({ what: 'connected' })
    },
    report: (event) => events.push(event),
    mode: 'run',
    diff: false,
    root,
    signal: new AbortController().signal,
    id: 'test',
    startedAt: '2026-01-01T00:00:00.000Z',
    who: 'test',
    approve: async () => true,
    ...more,
  })
  return { ...result, events }
}

async function said(resources: () => unknown, more: Partial<RunOptions> = {}): Promise<string> {
  try {
    await attempt(resources, more)
  } catch (error) {
    expect(error).toBeInstanceOf(InputError)
    return (error as Error).message
  }
  return 'nothing was thrown'
}

const here = 'test/unit/engine/scene\\.test\\.ts'
const config = () => file('/etc/app.conf', { content: 'x' })

test('a good role gets as far as the connection', async () => {
  const f = config()
  expect((await attempt(() => [f, service('app', { restartOn: [f] })])).unreachable).toBe(true)
})

test.each<readonly [string, () => unknown, RegExp]>([
  [
    'an Error',
    () => {
      throw new Error('oops')
    },
    /h1 {2}role wishes failed: Error: oops/,
  ],
  [
    'what is no Error',
    () => {
      throw { code: 5 }
    },
    /h1 {2}role wishes failed: it threw \{ code: 5 \}, which is no Error/,
  ],
  [
    'a TypeError',
    () => (undefined as unknown as { x: 1 }).x,
    /h1 {2}role wishes failed: TypeError: Cannot read properties/,
  ],
  ['a system error', () => new URL('no url'), /h1 {2}role wishes failed: TypeError: Invalid URL/],
  [
    'an error of ours, with its line',
    () => file('relative', { content: '' }),
    /h1 {2}file\[relative\]: give an absolute/,
  ],
  ['no guard', () => command('x', { run: 'true' }), /h1 {2}command\[x\] needs a guard/],
  ['a NUL byte', () => file('/x', { content: 'a\0b' }), /file\[\/x\]: content holds a NUL byte/],
  [
    'a NUL byte in a name',
    () => command('a\0b', { run: 'x', unless: 'y' }),
    /command\[a␀b\]: its name holds a NUL/,
  ],
  ['a NUL byte in a script', () => sh`printf ${'a\0b'}`, /h1 {2}a word of a shell cannot hold a NUL byte/],
  [
    'a NUL byte in a secret',
    () => file('/x', { content: new Secret('s', 'a\0b') }),
    /file\[\/x\]: content holds a NUL byte/,
  ],
  [
    'no content',
    () => file('/x', { content: undefined as unknown as string }),
    /text or a Secret is wanted here, not undefined/,
  ],
  [
    'bytes',
    () => file('/x', { content: Buffer.from('x') as unknown as string }),
    /text or a Secret is wanted here, not bytes/,
  ],
])('a role that throws is told with its host and line, before any connection: %s', async (_, act, words) => {
  const message = await said(act)
  expect(message).toMatch(new RegExp(`^${here}:\\d+:\\d+ `))
  expect(message).toMatch(words)
})

test.each<readonly [string, () => unknown, string]>([
  ['null', () => null, 'returns null, which is no resource'],
  ['text', () => ['text'], "returns 'text', which is no resource"],
  ['true', () => [[true]], 'returns true, which is no resource'],
  ['an object', () => ({ file: '/x' }), "returns { file: '/x' }, which is no resource"],
  ['a function', () => config, 'which is no resource'],
  ['a promise', async () => config(), 'returns a promise'],
  [
    'a promise that fails',
    async () => {
      throw new Error('later')
    },
    'returns a promise',
  ],
  ['a list with a promise', () => [Promise.resolve(config())], 'returns a promise'],
])('what a role may not return has its own sentence, with the role: %s', async (_, act, words) => {
  const message = await said(act)
  expect(message).toMatch(new RegExp(`^${here}:\\d+:\\d+ {2}h1 {2}role wishes `))
  expect(message).toContain(words)
})

test('what may be returned: lists of lists, false and undefined', () => {
  const wishes = role({ name: 'w', resources: () => [false, [undefined, [config()]], []] })
  expect(() => wishes.resources({ host } as never)).not.toThrow()
})

test('a trigger that stands after what it acts on is refused, with both lines', async () => {
  const f = config()
  const message = await said(() => [service('app', { restartOn: [f] }), f])
  expect(message).toMatch(
    new RegExp(
      `^${here}:\\d+ {2}h1 {2}service\\[app\\] acts when file\\[/etc/app\\.conf\\] changes, but stands before it.*\\n.* asked for after it, at ${here}:\\d+\\n`,
    ),
  )
})

test('a trigger that no role asks for on this host is refused, with both lines', async () => {
  const f = config()
  const message = await said(() => [service('app', { restartOn: [f] })])
  expect(message).toMatch(
    new RegExp(
      `^${here}:\\d+ {2}h1 .* no role asks for file\\[/etc/app\\.conf\\] on this host.*\\n.* ${here}:\\d+\\n`,
    ),
  )
  expect(await said(() => command('x', { run: 'true', on: [f] }))).toContain(
    'no role asks for file[/etc/app.conf]',
  )
})

test('triggers that run in a circle, and one that is the resource itself, are refused', async () => {
  const handler = (name: string, on: string) =>
    command(name, { run: 'true', on: [command(on, { run: 'true', on: [] })] })
  expect(await said(() => [handler('a', 'b'), handler('b', 'c'), handler('c', 'a')])).toContain(
    'in a circle: command[a] ← command[b] ← command[c] ← command[a]',
  )
  expect(await said(() => handler('a', 'a'))).toContain('command[a] acts on its own change')
})

test('all such triggers are told at once', async () => {
  const f = config()
  const message = await said(() => [
    service('one', { restartOn: [f] }),
    service('two', { restartOn: [f] }),
    f,
  ])
  expect(message).toMatch(/service\[one\][\s\S]*service\[two\]/)
})

test('a thing that two roles ask for acts on what either says', () => {
  const f = config()
  const one = role({ name: 'one', resources: () => [f, service('app')] })
  const two = role({ name: 'two', resources: () => service('app', { restartOn: [f], interrupts: ['etcd'] }) })
  const options = {
    playbook: playbook('p', { on: 'all', roles: [one, two] }),
    hostsOf: () => [host],
    varsOf: () => ({}),
    root,
  } as unknown as RunOptions
  const [, app] = wantedBy({ host, facts: {} }, [], options)
  expect(app?.resource.triggers).toEqual([f])
  expect(app?.resource.interrupts).toEqual(['etcd'])
})

test('two secrets of one name are two wishes for one thing', async () => {
  const wish = (value: string) => file('/x', { content: new Secret('pass', value) })
  expect(await said(() => [wish('first-one'), wish('other-one')])).toContain('file[/x] is asked for twice')
  expect((await attempt(() => [wish('first-one'), wish('first-one')])).unreachable).toBe(true)
})

test.each(['wishes', 'small', 'etcd', 'ofplay', 'ofresource'])('--tags %s is known', async (tag) => {
  const play = { tags: ['ofplay'], phase: 'etcd' }
  const more = { tags: new Set([tag]) }
  const wish = () => file('/x', { content: '', tags: ['ofresource'] })
  expect((await attempt(wish, more, play)).unreachable).toBe(true)
})

test('every tag that nothing has is refused with the nearest, before any connection', async () => {
  const wish = () => file('/x', { content: '', tags: ['certificates'] })
  const message = await said(wish, { tags: new Set(['wishes', 'certifcates', 'zzz', '']) })
  expect(message).toContain(
    '--tags certifcates: no role, play, phase or tag of the playbook test is called so',
  )
  expect(message).toContain('did you mean certificates?')
  expect(message).toContain('--tags zzz:')
  expect(message).toContain('--tags :')
})

test('no play selects a host: refused; one of several: told', async () => {
  await expect(attempt(config, { hostsOf: () => [] })).rejects.toThrow(
    'no host is selected: play "small" (on all)',
  )
  const wishes = role({ name: 'wishes', resources: () => config() })
  const plays = playbook('two', { name: 'a', on: 'db', roles: [wishes] }, { on: 'web', roles: [wishes] })
  const { events } = await attempt(config, {
    playbook: plays,
    hostsOf: (play) => (play.on === 'db' ? [host] : []),
  })
  expect(events).toContainEqual({ type: 'notice', text: 'play on web selects no host: it is left out' })
})

test('a role with facts is not asked before they are known, the others are', async () => {
  const curious = role({
    name: 'curious',
    facts: { os },
    resources: () => {
      throw new Error('asked too early')
    },
  })
  const wrong = role({
    name: 'wrong',
    resources: () => {
      throw new Error('asked at once')
    },
  })
  const only = (...roles: readonly (typeof wrong)[]) => ({ playbook: playbook('p', { on: 'all', roles }) })
  expect((await attempt(config, only(curious))).unreachable).toBe(true)
  expect(await said(config, only(curious, wrong))).toContain('asked at once')
})

test('what a kind of the user throws has its line and the resource; what ours throws is a bug', async () => {
  const kind: Kind<string, string> = {
    name: 'mine',
    probe: () => ({ script: sh`:`, parse: () => ['x'] }),
    plan: () => {
      throw new TypeError('my plan')
    },
    apply: () => sh`:`,
  }
  const { due } = await import('../../../src/engine/plan.ts')
  const wanted = [{ resource: resource(kind, 'z', 'x'), role: 'r', play: 'p', playIndex: 0, selected: true }]
  expect(() => due(wanted, new Map(), new Map(), root)).toThrow(
    new RegExp(`^${here}:\\d+:\\d+ {2}plan of the kind mine failed for mine\\[z\\]: TypeError: my plan`),
  )
})
