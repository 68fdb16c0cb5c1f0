import Type from 'typebox'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lockScript, markOf } from '../../src/engine/journal.ts'
import { type RunResult, run } from '../../src/engine/run.ts'
import { command, file, pkg, playbook, role, service, sh, sysctl } from '../../src/index.ts'
import { down, up } from '../../src/lab/lab.ts'
import type { Event, HostPlan } from '../../src/model/event.ts'
import type { Host } from '../../src/model/host.ts'
import type { Role } from '../../src/model/role.ts'
import type { Script } from '../../src/shell/sh.ts'
import { connectSsh } from '../../src/transport/ssh.ts'
import { connection } from './connection.ts'

const content = 'local stratum 10\nmakestep 1.0 3\n'
const config = file('/etc/chrony/conf.d/provision.conf', { content })

const chrony = role({
  name: 'chrony',
  vars: Type.Object({}),
  resources: () => [
    pkg('chrony'),
    config,
    service('chrony', { restartOn: [config] }),
    file('/etc/sysctl.d/80-provision.conf', { content: 'vm.swappiness = 1\n', mode: '0600' }),
    sysctl('vm.swappiness', 1),
  ],
})

let hosts: readonly Host[]
let first: { plan: RunResult; ran: RunResult }

beforeAll(async () => {
  hosts = (await up(3)).map((host) => connection(host))
  first = { plan: await go('plan'), ran: await go('run') }
})
afterAll(() => down())

async function go(
  mode: 'plan' | 'run',
  options: { limit?: string; events?: Event[]; of?: Role; approve?: () => Promise<boolean> } = {},
): Promise<RunResult> {
  return run({
    playbook: playbook('test', { on: 'all', roles: [options.of ?? chrony] }),
    inventoryFile: 'none',
    hostsOf: () => hosts,
    varsOf: () => ({}),
    connect: (host) => connectSsh(host),
    report: (event) => {
      options.events?.push(event)
      if (event.type === 'failed') console.error(event.message)
    },
    mode,
    diff: false,
    limit: options.limit ? new Set([options.limit]) : undefined,
    root: process.cwd(),
    signal: new AbortController().signal,
    id: 'test',
    startedAt: '2026-01-01T00:00:00.000Z',
    who: 'test',
    approve: options.approve ?? (async () => true),
  })
}

async function on(index: number, script: Script): Promise<string> {
  const host = hosts[index]
  if (!host) throw new Error(`no host ${index}`)
  await using link = await connectSsh(host)
  return (await link.exec(script)).stdout.trim()
}

const ids = (plan: HostPlan | undefined) => plan?.steps.map((step) => step.id)

test('the plan of a bare host lists everything that the run then changes', () => {
  const planned = ids(first.plan.plans[0])
  expect(planned).toEqual([
    'pkg[chrony]',
    'file[/etc/chrony/conf.d/provision.conf]',
    'service[chrony]',
    'file[/etc/sysctl.d/80-provision.conf]',
    'sysctl[vm.swappiness]',
  ])
  expect(first.ran.hosts.map((h) => h.status)).toEqual(['changed', 'changed', 'changed'])
})

test('the run leaves what was wished for, and the service runs its new configuration', async () => {
  expect(
    await on(
      0,
      sh`cat /proc/sys/vm/swappiness; stat -c %a /etc/sysctl.d/80-provision.conf; systemctl is-active chrony`,
    ),
  ).toBe('1\n600\nactive')
})

test('the same run again changes nothing, in one round trip a host', async () => {
  const again = await go('run')
  expect(again.hosts.map((h) => [h.status, h.changed, h.roundTrips])).toEqual([
    ['ok', 0, 1],
    ['ok', 0, 1],
    ['ok', 0, 1],
  ])
})

test('drift is named exactly, mended exactly, and only what must restart restarts', async () => {
  const since = () => on(1, sh`systemctl show -P ActiveEnterTimestampMonotonic chrony`)
  const before = await since()
  await on(1, sh`chmod 644 /etc/sysctl.d/80-provision.conf; sysctl -qw vm.swappiness=33`)
  const wanted = ['file[/etc/sysctl.d/80-provision.conf]', 'sysctl[vm.swappiness]']
  expect((await go('plan')).plans.map(ids)).toEqual([[], wanted, []])
  expect((await go('run')).hosts.map((h) => h.changed)).toEqual([0, 2, 0])
  expect(await since()).toBe(before)
  await on(1, sh`chmod 600 /etc/chrony/conf.d/provision.conf`)
  expect((await go('run')).hosts.map((h) => h.changed)).toEqual([0, 1, 0])
  expect(await since()).toBe(before)
  await on(1, sh`echo '# by hand' >> /etc/chrony/conf.d/provision.conf`)
  expect((await go('run')).hosts.map((h) => h.changed)).toEqual([0, 2, 0])
  expect(await since()).not.toBe(before)
})

test('a restart that a dead run owes is planned and done by the next run', async () => {
  const events: Event[] = []
  await go('plan', { events })
  const due = service('chrony')
  await on(0, sh`: > ${`/var/lib/provision/owed/${markOf(due)}`}`)
  expect(ids((await go('plan')).plans[0])).toEqual(['service[chrony]'])
  expect((await go('run')).hosts[0]?.changed).toBe(1)
  expect((await go('run')).hosts[0]?.changed).toBe(0)
})

/** What a step in hand does when its run has died: it notes what is owed, then changes; nobody acts on it any more. */
function leftover(): Script {
  const mark = `/var/lib/provision/owed/${markOf(service('chrony'))}`
  return sh`: >${mark}; printf %s ${content} >/etc/chrony/conf.d/provision.conf; chmod 644 /etc/chrony/conf.d/provision.conf`
}

const startOfChrony = () => on(0, sh`systemctl show -P ActiveEnterTimestampMonotonic chrony`)

test("a dead run's step that ends while the next run looks: its restart is done by that run", async () => {
  const before = await startOfChrony()
  await on(0, sh`echo '# by hand' >> /etc/chrony/conf.d/provision.conf; touch /root/once`)
  const of = role({
    name: 'looked-at',
    vars: Type.Object({}),
    resources: () => [
      // The first guard that is asked is the moment between two looks.
      command('look', {
        unless: sh`[ ! -e /root/once ] || { rm /root/once; ${leftover()}; }`.text,
        run: 'false',
      }),
      config,
      service('chrony', { restartOn: [config] }),
    ],
  })
  expect((await go('run', { of, limit: 'h1' })).hosts[0]?.changed).toBe(1)
  expect(await startOfChrony()).not.toBe(before)
  expect((await go('run', { of, limit: 'h1' })).hosts[0]?.changed).toBe(0)
})

test("a dead run's step that ends between the plan and the first change: its restart is done, too", async () => {
  const before = await startOfChrony()
  await on(0, sh`echo '# by hand' >> /etc/chrony/conf.d/provision.conf; rm -f /etc/first`)
  const of = role({
    name: 'planned-before',
    vars: Type.Object({}),
    resources: () => [
      command('first', { unless: 'test -e /etc/first', run: 'touch /etc/first' }),
      config,
      service('chrony', { restartOn: [config] }),
    ],
  })
  const approve = async () => {
    await on(0, leftover())
    return true
  }
  expect((await go('run', { of, approve, limit: 'h1' })).failed).toBe(false)
  expect(await startOfChrony()).not.toBe(before)
  expect((await go('run', { of, limit: 'h1' })).hosts[0]?.changed).toBe(0)
})

test('a run whose host another one has taken over changes nothing more there, and says so', async () => {
  await on(0, sh`rm -f /etc/first /etc/second`)
  const of = role({
    name: 'taken-over',
    vars: Type.Object({}),
    resources: () => [
      command('first', {
        unless: 'test -e /etc/first',
        run: "touch /etc/first; echo 'since noon, for the playbook x (run other)' >/run/provision/locked-for",
      }),
      file('/etc/second', { content: 'x' }),
    ],
  })
  const all: Event[] = []
  expect((await go('run', { of, limit: 'h1', events: all })).failed).toBe(true)
  expect(all.map((e) => (e.type === 'failed' ? e.message : '')).join('')).toContain(
    'another run has taken this host over: this run changes nothing more here',
  )
  expect(await on(0, sh`ls /etc/first /etc/second 2>/dev/null; rm -f /etc/first`)).toBe('/etc/first')
})

test('--limit limits changes, not what is observed, and says what it left', async () => {
  await on(1, sh`chmod 644 /etc/sysctl.d/80-provision.conf`)
  await on(2, sh`chmod 644 /etc/sysctl.d/80-provision.conf`)
  const limited = await go('run', { limit: 'h3' })
  expect(limited.hosts.map((h) => h.changed)).toEqual([0, 0, 1])
  expect(limited.plans[1]?.steps.map((s) => s.selected)).toEqual([false])
  await go('run')
})

test('while one run holds the lock of a host, another is refused and told by whom', async () => {
  const host = hosts[0]
  if (!host) throw new Error('no host')
  await on(0, sh`chmod 644 /etc/sysctl.d/80-provision.conf`)
  await using link = await connectSsh(host)
  const held = await link.hold(lockScript('alice@desk', 'since noon, for the playbook x'))
  expect(held.line).toBe('locked')
  await expect(go('run')).rejects.toThrow(/another run holds the lock of this host: alice@desk/)
  await held.release()
  expect((await go('run')).hosts[0]?.changed).toBe(1)
})

test('a host that cannot be reached stops the change of all, and is reported', async () => {
  const [one, two] = hosts
  if (!one || !two) throw new Error('no hosts')
  const all = hosts
  hosts = [one, { ...two, connection: { ...two.connection, socket: '/nonexistent.sock' } }]
  const result = await go('run')
  hosts = all
  expect(result.unreachable).toBe(true)
  expect(result.hosts.map((h) => h.status)).toEqual(['ok', 'unreachable'])
})
