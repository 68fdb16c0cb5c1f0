import { expect, test } from 'vitest'
import { judge, type Status } from '../../../src/status/judge.ts'
import type { HostView } from '../../../src/status/look.ts'

const names = ['h1', 'h2', 'h3']
const vip = '10.0.0.100'

function view(name: string, more: Partial<HostView> = {}): HostView {
  const leads = name === 'h2'
  return {
    swarm: {
      state: 'active',
      nodes: names.map((n) => ({ name: n, ready: true, leader: n === 'h1' })),
    },
    etcd: {
      leader: name === 'h3',
      hasLeader: true,
      learner: false,
      members: 3,
      alarms: [],
      raftIndex: 1,
      dbBytes: 1,
    },
    patroni: {
      role: leads ? 'primary' : 'replica',
      state: leads ? 'running' : 'streaming',
      timeline: 1,
      pendingRestart: false,
      paused: false,
      members: names.map((n) => ({
        name: n,
        role: n === 'h2' ? 'leader' : 'quorum_standby',
        state: n === 'h2' ? 'running' : 'streaming',
        timeline: 1,
        lag: 0,
      })),
    },
    pooler: true,
    proxy: { rw: { h1: 'DOWN', h2: 'UP', h3: 'DOWN' }, ro: { h1: 'UP', h2: 'DOWN', h3: 'UP' } },
    holdsVip: name === 'h1',
    certificateDays: 364,
    clockOffset: { least: 0, most: 0.1 },
    disks: { '/': 0.4 },
    ...more,
  }
}

const hosts = (change: Partial<Record<string, Partial<HostView>>> = {}): Status['hosts'] =>
  names.map((name) => ({ name, votes: true, view: view(name, change[name]) }))
const troubles = (status: Status) => status.troubles.map((t) => `${t.host ?? ''}: ${t.what}`)

test('a healthy cluster: nothing amiss, and the way of a client', () => {
  const status = judge(vip, hosts())
  expect(troubles(status)).toEqual([])
  expect([status.ok, status.way]).toEqual([true, { holder: 'h1', backend: 'h2', leader: 'h2' }])
})

test('a host that is drained is told, with the way back', () => {
  const since = '2027-01-31T03:00:00Z'
  expect(troubles(judge(vip, hosts({ h3: { drainedSince: since } })))).toEqual([
    `h3: drained since ${since}: provision maintenance off h3`,
  ])
})

test('alerts: what two Prometheus say is one; one that is silent is told', () => {
  const alert = {
    name: 'NodeDown',
    severity: 'critical',
    summary: 'h3 does not answer',
    since: '2027-01-01T00:00:00Z',
  }
  const status = judge(vip, hosts({ h1: { alerts: [alert] }, h2: { alerts: [alert] } }))
  expect([status.alerts, status.ok]).toEqual([[alert], true])
  const silent = judge(vip, hosts({ h1: { alerts: [] }, h2: { alerts: null } }))
  expect([silent.alerts, troubles(silent)]).toEqual([[], ['h2: Prometheus does not answer']])
  expect(judge(vip, hosts({})).alerts).toBeUndefined()
})

test('backups: the newest of all hosts counts; too old ones are told', () => {
  const now = 1_000_000_000
  const last = { label: 'F', type: 'full', at: now - 3600, stored: 1 }
  const old = { since: now - 40 * 86_400, last: { ...last, at: now - 30 * 3600 }, next: { incr: now + 60 } }
  const all = hosts({
    h1: { backups: old },
    h2: { backups: { ...old, last, next: { incr: now + 30, drill: now + 90 } } },
    h3: { backups: old },
  })
  const status = judge(vip, all, now)
  expect([status.backups?.last?.host, troubles(status)]).toEqual([
    'h2',
    [': no restore was proven for 40 days: provision drill restore'],
  ])
  expect(status.backups?.next).toEqual({ incr: now + 30, drill: now + 90 })
  const stale = judge(vip, hosts({ h1: { backups: old } }), now)
  expect(troubles(stale)[0]).toBe(': no backup for 30 hours: provision backup')
})

test('two primaries, an address held twice or by nobody are critical', () => {
  const primary = { ...view('h2').patroni, role: 'primary' } as HostView['patroni']
  expect(troubles(judge(vip, hosts({ h3: { patroni: primary } as Partial<HostView> })))).toContain(
    ': more than one primary: h2, h3',
  )
  expect(troubles(judge(vip, hosts({ h3: { holdsVip: true } })))).toContain(
    ': 10.0.0.100 is held more than once: h1, h3',
  )
  expect(troubles(judge(vip, hosts({ h1: { holdsVip: false } })))).toContain(': nobody holds 10.0.0.100')
})

test('a proxy that sends writes elsewhere is told, also when it sends them nowhere', () => {
  expect(troubles(judge(vip, hosts({ h1: { proxy: { rw: { h3: 'UP' } } } })))).toContain(
    'h1: HAProxy sends writes to h3, but h2 leads',
  )
  expect(troubles(judge(vip, hosts({ h1: { proxy: { rw: { h3: 'DOWN' } } } })))).toContain(
    'h1: HAProxy sends writes to nobody',
  )
})

test('a host that cannot be reached is never counted as well', () => {
  const status = judge(vip, [...hosts().slice(0, 2), { name: 'h3', votes: true, unreachable: 'no route' }])
  expect(status.ok).toBe(false)
  expect(troubles(status)).toContain('h3: not reachable: no route')
})

test('skewed clocks, full disks, certificates near their end and pending restarts are warnings', () => {
  const patroni = { ...view('h3').patroni, pendingRestart: true } as NonNullable<HostView['patroni']>
  const status = judge(
    vip,
    hosts({
      h1: { clockOffset: { least: 2, most: 2.5 } },
      h2: { disks: { '/': 0.9 } },
      h3: { certificateDays: 5, patroni },
    }),
  )
  expect(status.troubles.every((t) => t.severity === 'warning')).toBe(true)
  expect(troubles(status)).toEqual([
    'h2: / is 90 % full',
    'h3: PostgreSQL waits for a restart',
    'h3: its certificate ends in 5 days',
    ': clocks are at least 1.90 s apart',
  ])
})

test('a host that answers late is not taken for one with a wrong clock', () => {
  const slow = { least: -6, most: 4 }
  expect(judge(vip, hosts({ h1: { clockOffset: slow } })).ok).toBe(true)
})
