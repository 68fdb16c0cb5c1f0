import { apart } from '../model/clock.ts'
import type { Alert, Backup, Drill, HostView } from './look.ts'

/** What is not as it should be. */
export interface Trouble {
  readonly severity: 'critical' | 'warning'
  readonly host?: string
  readonly what: string
}

/** All hosts together. A host without a view could not be reached. */
export interface Status {
  readonly vip: string
  readonly hosts: readonly {
    readonly name: string
    /** Is it to be a member of etcd? */
    readonly votes: boolean
    readonly view?: HostView
    readonly unreachable?: string
  }[]
  /** The way of a client: who holds the address, whom its proxy sends writes to, who leads. */
  readonly way: {
    readonly holder: string | undefined
    readonly backend: string | undefined
    readonly leader: string | undefined
  }
  /** Of all hosts; undefined where no backups are set up. */
  readonly backups?: {
    readonly last?: Backup & { readonly host: string }
    readonly drill?: Drill & { readonly host: string }
    /** The first of all hosts to elapse, by what is due: `incr`, `drill`. Seconds since 1970. */
    readonly next: Readonly<Record<string, number>>
  }
  /** What the cluster's own monitoring says; undefined where there is none. They do not make it `ok` or not. */
  readonly alerts?: readonly Alert[]
  readonly troubles: readonly Trouble[]
  readonly ok: boolean
}

/** Bytes that a standby may be behind without a word: HAProxy stops sending it reads at the same. */
const lagLimit = 16 * 1024 * 1024
/** The next run renews at 30 days; fewer than 20 mean that no run has come for long. */
const certificateLimit = 20
const diskLimit = 0.85
/** Seconds. etcd complains above 1 s; half of it leaves time to act. */
const clockLimit = 0.5
/** Hours: one a day is the least that the schedule should have. */
const backupLimit = 26
/** Days: one a week, and a day more. */
const drillLimit = 8

export function judge(vip: string, hosts: Status['hosts'], now = Date.now() / 1000): Status {
  const troubles: Trouble[] = []
  const critical = (what: string, host?: string) =>
    troubles.push({ severity: 'critical', what, ...(host ? { host } : {}) })
  const warning = (what: string, host?: string) =>
    troubles.push({ severity: 'warning', what, ...(host ? { host } : {}) })
  const seen = hosts.flatMap(({ name, votes, view }) => (view ? [{ name, votes, view }] : []))
  const names = (has: (view: HostView) => boolean) => seen.filter((h) => has(h.view)).map((h) => h.name)

  for (const { name, unreachable } of hosts) if (unreachable) critical(`not reachable: ${unreachable}`, name)
  const leaders = names((v) => v.patroni?.role === 'primary')
  if (leaders.length !== 1)
    critical(leaders.length === 0 ? 'no primary' : `more than one primary: ${leaders.join(', ')}`)
  const holders = names((v) => v.holdsVip)
  if (holders.length !== 1)
    critical(
      holders.length === 0 ? `nobody holds ${vip}` : `${vip} is held more than once: ${holders.join(', ')}`,
    )
  const voters = hosts.filter((h) => h.votes).length
  const alive = names((v) => v.etcd?.hasLeader === true && !v.etcd.learner).length
  if (alive * 2 <= voters) critical(`etcd has no quorum: ${alive} of ${voters} members`)

  for (const { name, votes, view } of seen) {
    const { swarm, etcd, patroni, proxy } = view
    if (!swarm) warning('is in no swarm', name)
    if (votes && !etcd?.hasLeader) critical('etcd does not answer, or has no leader', name)
    if (etcd?.learner) critical('etcd has no vote yet: provision promotes it', name)
    for (const alarm of etcd?.alarms ?? []) critical(`etcd raises the alarm ${alarm}`, name)
    if (!patroni) critical('Patroni does not answer', name)
    else if (patroni.role !== 'primary' && patroni.state !== 'streaming')
      critical(`PostgreSQL does not stream: ${patroni.state}`, name)
    if (patroni?.pendingRestart) warning('PostgreSQL waits for a restart', name)
    if (view.drainedSince)
      warning(`drained since ${view.drainedSince}: provision maintenance off ${name}`, name)
    if (!view.pooler) critical('PgBouncer does not listen', name)
    if (!proxy) critical('HAProxy does not answer', name)
    if (view.certificateDays !== undefined && view.certificateDays < certificateLimit)
      warning(`its certificate ends in ${Math.floor(view.certificateDays)} days`, name)
    for (const [mount, used] of Object.entries(view.disks))
      if (used > diskLimit) warning(`${mount} is ${Math.round(used * 100)} % full`, name)
  }
  const swarm = seen.find(({ view }) => view.swarm && view.swarm.nodes.length > 0)?.view.swarm
  const managers = swarm?.nodes.filter((n) => n.ready).length ?? 0
  if (managers < hosts.length) warning(`${managers} of ${hosts.length} managers of the swarm are ready`)
  const [leader] = leaders
  const members = seen.find((h) => h.name === leader)?.view.patroni?.members ?? []
  for (const m of members) {
    const { lag = 0 } = m
    if (lag > lagLimit) warning(`is ${(lag / 1e6).toFixed(0)} MB behind`, m.name)
    if (!/^(running|streaming)$/.test(m.state)) critical(`PostgreSQL is ${m.state}`, m.name)
  }
  if (members.length > 1 && !members.some((m) => /sync|quorum/.test(m.role)))
    warning('no standby takes part in commits: what is acknowledged now may be lost with the primary')
  if (seen.some(({ view }) => view.patroni?.paused)) warning('Patroni is paused: nobody would take over')
  const clocks = seen.map(({ view }) => view.clockOffset)
  const skew = Math.max(0, ...clocks.flatMap((a) => clocks.map((b) => apart(a, b))))
  if (skew > clockLimit) warning(`clocks are at least ${skew.toFixed(2)} s apart`)

  const since = Math.min(...seen.flatMap(({ view }) => view.backups?.since ?? []))
  const newest = <T extends { readonly at: number }>(all: readonly T[]) =>
    all.toSorted((a, b) => b.at - a.at)[0]
  const last = newest(
    seen.flatMap(({ name, view }) => (view.backups?.last ? [{ host: name, ...view.backups.last }] : [])),
  )
  const drill = newest(
    seen.flatMap(({ name, view }) => (view.backups?.drill ? [{ host: name, ...view.backups.drill }] : [])),
  )
  const next: Record<string, number> = {}
  for (const { view } of seen)
    for (const [what, at] of Object.entries(view.backups?.next ?? {}))
      next[what] = Math.min(at, next[what] ?? at)
  if (Number.isFinite(since)) {
    const hours = (now - (last?.at ?? since)) / 3600
    if (hours > backupLimit) critical(`no backup for ${Math.floor(hours)} hours: provision backup`)
    const days = (now - (drill?.at ?? since)) / 86_400
    if (days > drillLimit)
      warning(`no restore was proven for ${Math.floor(days)} days: provision drill restore`)
  }

  // Each Prometheus watches all: what both say is one alert.
  const watchers = seen.filter(({ view }) => view.alerts !== undefined)
  for (const { name, view } of watchers) if (!view.alerts) warning('Prometheus does not answer', name)
  const alerts = new Map(
    watchers.flatMap(({ view }) => (view.alerts ?? []).map((a) => [`${a.name} ${a.summary}`, a] as const)),
  )

  const [holder] = holders
  const rw = Object.entries(seen.find((h) => h.name === holder)?.view.proxy?.rw ?? {})
  const up = rw.filter(([, state]) => state.startsWith('UP')).map(([server]) => server)
  if (holder && up.length !== 1) critical(`HAProxy sends writes to ${up.join(' and ') || 'nobody'}`, holder)
  else if (leader && up[0] !== leader && holder)
    critical(`HAProxy sends writes to ${up[0]}, but ${leader} leads`, holder)
  return {
    vip,
    hosts,
    way: { holder, backend: up.length === 1 ? up[0] : undefined, leader },
    ...(Number.isFinite(since)
      ? { backups: { ...(last ? { last } : {}), ...(drill ? { drill } : {}), next } }
      : {}),
    ...(watchers.length > 0 ? { alerts: [...alerts.values()] } : {}),
    troubles,
    ok: troubles.length === 0,
  }
}
