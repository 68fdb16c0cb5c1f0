import { drainedFile } from '../facts/drained.ts'
import { type ClockOffset, clockOffset } from '../model/clock.ts'
import type { Host } from '../model/host.ts'
import type { Output } from '../model/probe.ts'
import { raw, type Script, sh } from '../shell/sh.ts'

/** A backup, as the host that made it notes it. Times in seconds since 1970. */
export interface Backup {
  readonly label: string
  readonly type: string
  readonly at: number
  /** Bytes that it added to the repository. */
  readonly stored: number
}

/** A restore that was compared with the cluster, as the host that did it notes it. */
export interface Drill {
  readonly at: number
  readonly rpoSeconds: number
  readonly rtoSeconds: number
}

/** An alert that fires, as a Prometheus of the cluster says it. */
export interface Alert {
  readonly name: string
  readonly severity: string
  readonly summary: string
  /** Since when (ISO 8601). */
  readonly since: string
}

/** What one host says of every part of the stack; undefined where a part does not answer. */
export interface HostView {
  readonly swarm?: {
    readonly state: string
    readonly nodes: readonly { readonly name: string; readonly ready: boolean; readonly leader: boolean }[]
  }
  readonly etcd?: {
    readonly leader: boolean
    readonly hasLeader: boolean
    /** Let in, and without a vote until it is promoted. */
    readonly learner: boolean
    readonly members: number
    readonly alarms: readonly string[]
    readonly raftIndex: number
    readonly dbBytes: number
  }
  readonly patroni?: {
    readonly role: string
    readonly state: string
    /** Undefined while its server does not run. */
    readonly timeline: number | undefined
    readonly pendingRestart: boolean
    readonly paused: boolean
    readonly members: readonly {
      readonly name: string
      readonly role: string
      readonly state: string
      readonly timeline: number | undefined
      /** Bytes behind the leader; undefined where nobody knows. */
      readonly lag: number | undefined
    }[]
  }
  readonly pooler: boolean
  /** State of each server by backend, as HAProxy says it: `UP`, `DOWN`. */
  readonly proxy?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly holdsVip: boolean
  /** Since when it is drained (ISO 8601). */
  readonly drainedSince?: string
  /** Undefined where no backups are set up. Times in seconds since 1970. */
  readonly backups?: {
    readonly since: number
    /** The last one that this host has made. */
    readonly last?: Backup
    /** The last restore that this host has proven. */
    readonly drill?: Drill
    /** When its timers elapse next: `incr`, `drill`. */
    readonly next: Readonly<Record<string, number>>
  }
  /** Undefined where no Prometheus runs; null where it does not answer. */
  readonly alerts?: readonly Alert[] | null
  readonly certificateDays?: number
  readonly clockOffset: ClockOffset
  /** Part of the file systems that is used, by mount point: 0 to 1. */
  readonly disks: Readonly<Record<string, number>>
}

const own = 'curl -fK /etc/provision/tls/curl.conf'
const docker = 'curl -sf --max-time 5 --unix-socket /run/docker.sock http://docker'

/** How curl logs in to Prometheus. */
export const monitoringLogin = '/etc/provision/secrets/monitoring.curl'
const firing = `[.data.alerts[] | select(.state == "firing" and .labels.alertname != "DeadMansSwitch")
  | {name: .labels.alertname, severity: .labels.severity, summary: .annotations.summary, since: .activeAt}]`

const schedule = [
  ...['full', 'diff', 'incr'].map((type) => `provision-backup-${type}.timer`),
  'provision-drill.timer',
]

/** All of a host in one script; each part ends in a mark, and may be empty. */
export function lookScript({ address }: Host, vip: string): Script {
  const mark = raw('; echo; echo --;')
  return sh`date +%s.%N ${mark}
${raw(docker)}/info | jq -c .Swarm.LocalNodeState ${mark}
${raw(docker)}/nodes | jq -c '[.[] | select(.ManagerStatus) | {name: .Description.Hostname, ready: (.Status.State == "ready" and .ManagerStatus.Reachability == "reachable"), leader: (.ManagerStatus.Leader == true)}]' ${mark}
${raw(own)} -d '{}' https://127.0.0.1:2379/v3/maintenance/status ${mark}
${raw(own)} -d '{}' https://127.0.0.1:2379/v3/cluster/member/list | jq -c '.members | length' ${mark}
${raw(own)} -d '{"action":"GET"}' https://127.0.0.1:2379/v3/maintenance/alarm | jq -c '[.alarms[]?.alarm]' ${mark}
curl -K /etc/provision/tls/curl.conf ${`https://${address}:8008/patroni`} ${mark}
curl -K /etc/provision/tls/curl.conf ${`https://${address}:8008/cluster`} ${mark}
ss -Hltn 'sport = :6432' | grep -c . ${mark}
curl -s --noproxy '*' --max-time 3 'http://127.0.0.1:8404/;csv' | cut -d, -f1,2,18 | grep -E '^r[wo],' ${mark}
ip -o addr show | grep -c ${` ${vip}/`} ${mark}
date -ur ${drainedFile} +%FT%TZ 2>/dev/null ${mark}
stat -c %Y /etc/systemd/system/provision-drill.timer 2>/dev/null && (cd /var/lib/provision; cat backup.json 2>/dev/null || echo null; cat drill.json 2>/dev/null || echo null; TZ=UTC systemctl show -p Id -p NextElapseUSecRealtime ${schedule}) ${mark}
if [ -e ${monitoringLogin} ]; then curl -K ${monitoringLogin} --max-time 5 ${`https://${address}:9090/api/v1/alerts`} 2>/dev/null | jq -ce ${firing} || echo null; fi ${mark}
cat /etc/provision/tls/host.crt ${mark}
df -P / /var/lib/pg /var/lib/pg/wal /var/lib/etcd /var/lib/docker 2>/dev/null ${mark}
:`
}

/** Understands what `lookScript` printed. `daysLeft` reads a certificate; `sent` is when it was asked, in seconds. */
export function parseLook({ stdout }: Output, daysLeft: (pem: string) => number, sent: number): HostView {
  const parts = stdout.split(/\n--\n/).map((part) => part.trim())
  const [
    clock,
    state,
    nodes,
    status,
    members,
    alarms,
    patroni,
    cluster,
    pooler,
    proxy,
    vip,
    drained,
    backups,
    alerts,
    pem,
    df,
  ] = parts
  const json = <T>(text: string | undefined): T | undefined => (text ? (JSON.parse(text) as T) : undefined)
  const etcd = json<{
    leader?: string
    header: { member_id: string }
    raftIndex: string
    isLearner?: boolean
    dbSize: string
  }>(status)
  const member = json<Record<string, unknown>>(patroni)
  const whole = json<{ members?: Record<string, unknown>[]; pause?: boolean }>(cluster)
  return {
    ...(state && json<string>(state) !== 'inactive'
      ? { swarm: { state: String(json(state)), nodes: json<[]>(nodes) ?? [] } }
      : {}),
    ...(etcd
      ? {
          etcd: {
            hasLeader: (etcd.leader ?? '0') !== '0',
            leader: etcd.leader === etcd.header.member_id,
            learner: etcd.isLearner === true,
            members: Number(members),
            alarms: json<string[]>(alarms) ?? [],
            raftIndex: Number(etcd.raftIndex),
            dbBytes: Number(etcd.dbSize),
          },
        }
      : {}),
    ...(member
      ? {
          patroni: {
            role: String(member.role),
            state: String(member.replication_state ?? member.state),
            timeline: known(member.timeline),
            pendingRestart: member.pending_restart === true,
            paused: whole?.pause === true,
            members: (whole?.members ?? []).map((m) => ({
              name: String(m.name),
              role: String(m.role),
              state: String(m.state),
              timeline: known(m.timeline),
              lag: known(m.lag ?? 0),
            })),
          },
        }
      : {}),
    pooler: Number(pooler) > 0,
    ...(proxy ? { proxy: backends(proxy) } : {}),
    holdsVip: Number(vip) > 0,
    ...(drained ? { drainedSince: drained } : {}),
    ...(backups ? { backups: backupsOf(backups) } : {}),
    ...(alerts ? { alerts: json<readonly Alert[] | null>(alerts) ?? null } : {}),
    ...(pem ? { certificateDays: daysLeft(pem) } : {}),
    clockOffset: clockOffset(Number(clock), sent, Date.now() / 1000),
    disks: Object.fromEntries(
      [...(df ?? '').matchAll(/ (\d+)% (\/\S*)$/gm)].map(([, used, mount]) => [mount, Number(used) / 100]),
    ),
  }
}

/** Patroni says `unknown`, or nothing, of a server that does not run. */
function known(value: unknown): number | undefined {
  return Number.isFinite(Number(value)) ? Number(value) : undefined
}

function backupsOf(text: string): NonNullable<HostView['backups']> {
  const [first, second, third, ...timers] = text.split('\n')
  const [since, last, drill] = [first, second, third].map((line) => JSON.parse(line || 'null'))
  return { since, ...(last ? { last } : {}), ...(drill ? { drill } : {}), next: nextOf(timers.join('\n')) }
}

/** Of what `systemctl show` says of the timers, a block each: `Sat 2027-01-30 02:00:00 UTC`; nothing where one is off. */
function nextOf(text: string): Record<string, number> {
  const blocks = text.split('\n\n').map((block) => {
    const [, name = ''] = /^Id=provision-(?:backup-)?(\w+)\.timer$/m.exec(block) ?? []
    const [, when = ''] = /^NextElapseUSecRealtime=\w+ (.+)$/m.exec(block) ?? []
    return [name, Date.parse(when) / 1000] as const
  })
  return Object.fromEntries(blocks.filter(([, at]) => !Number.isNaN(at)))
}

function backends(csv: string): Record<string, Record<string, string>> {
  const all: Record<string, Record<string, string>> = {}
  for (const row of csv.split('\n')) {
    const [backend = '', server = '', state = ''] = row.split(',')
    if (server === 'FRONTEND' || server === 'BACKEND') continue
    all[backend] ??= {}
    Object.assign(all[backend], { [server]: state })
  }
  return all
}
