import { apart, type ClockOffset } from '../model/clock.ts'
import type { Status } from '../status/judge.ts'
import { paint } from './color.ts'
import { table } from './table.ts'

/** `provision status` for people: a line a host, the way of a client, and what is wrong. */
export function formatStatus(status: Status, color: boolean): string {
  const p = paint(color)
  const good = (text: string) => p('green', text)
  const bad = (text: string) => p('red', text)
  const { holder, backend, leader } = status.way
  const members = status.hosts.flatMap(({ view }) =>
    view?.patroni?.role === 'primary' ? view.patroni.members : [],
  )
  const clocks = status.hosts.flatMap(({ view }) => (view ? [view.clockOffset] : []))
  const skewOf = (clock: ClockOffset) => Math.max(0, ...clocks.map((other) => apart(clock, other)))
  const rows = status.hosts.map(({ name, votes, view }) => {
    if (!view) return [bad(name), bad('unreachable'), '', '', '', '', '', '', '', '']
    const { swarm, etcd, patroni } = view
    const node = swarm?.nodes.find((n) => n.name === name)
    const member = members.find((m) => m.name === name)
    const timeline = member?.timeline || patroni?.timeline
    const role = patroni ? (patroni.role === 'primary' ? 'primary' : (member?.role ?? patroni.role)) : ''
    return [
      name,
      node?.ready ? good(node.leader ? 'leader' : 'manager') : bad(swarm ? 'not ready' : 'none'),
      etcd?.hasLeader ? good(etcd.leader ? 'leader' : 'member') : votes ? bad('down') : 'no vote',
      patroni ? good(role.replace('_', ' ')) : bad('down'),
      patroni ? `${patroni.state}${timeline ? `, tl ${timeline}` : ''}` : '',
      member?.lag === undefined || role === 'primary' ? '' : megabytes(member.lag),
      view.pooler ? good('up') : bad('down'),
      view.proxy ? good(view.holdsVip ? 'up, VIP' : 'up') : bad('down'),
      view.certificateDays === undefined ? '' : `${Math.floor(view.certificateDays)} d`,
      `${(skewOf(view.clockOffset) * 1000).toFixed(0)} ms`,
      `${Math.round(Math.max(0, ...Object.values(view.disks)) * 100)} %`,
    ]
  })
  const head = [
    'host',
    'swarm',
    'etcd',
    'postgres',
    'state',
    'lag',
    'pooler',
    'proxy',
    'cert',
    'clock',
    'disk',
  ]
  const missing = bad('nobody')
  return [
    table(head, rows),
    `clients → ${status.vip} on ${holder ?? missing} → HAProxy → ${backend ?? missing} → primary ${leader ?? missing}`,
    ...(status.backups ? [backups(status.backups)] : []),
    ...(status.alerts ?? []).map(({ name, severity, summary, since }) =>
      p(
        severity === 'critical' ? 'red' : 'yellow',
        `alert     ${name}: ${summary} (for ${span((Date.now() - Date.parse(since)) / 1000)})`,
      ),
    ),
    ...status.troubles.map(({ severity, host, what }) =>
      p(
        severity === 'critical' ? 'red' : 'yellow',
        `${severity.padEnd(8)}  ${host ? `${host}: ` : ''}${what}`,
      ),
    ),
    status.ok && !status.alerts?.length ? good('All is well.') : '',
  ]
    .filter(Boolean)
    .join('\n')
}

function backups({ last, drill, next }: NonNullable<Status['backups']>): string {
  const made = last
    ? `${last.type} ${ago(last.at)} by ${last.host}, ${megabytes(last.stored)} stored`
    : 'none yet'
  const proven = drill
    ? `restored ${ago(drill.at)} on ${drill.host}: RPO ${drill.rpoSeconds} s, RTO ${drill.rtoSeconds} s`
    : 'no restore proven yet'
  const due = Object.entries(next)
    .toSorted(([, a], [, b]) => a - b)
    .map(([what, at]) => `${what} in ${span(at - Date.now() / 1000)}`)
  return [`backups: ${made}; ${proven}`, ...(due.length > 0 ? [`next:    ${due.join(', ')}`] : [])].join('\n')
}

/** Seconds since 1970. */
const ago = (at: number) => `${span(Date.now() / 1000 - at)} ago`

function span(seconds: number): string {
  const minutes = Math.max(0, seconds / 60)
  if (minutes < 120) return `${Math.round(minutes)} min`
  return minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} d`
}

function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(0)} MB`
}
