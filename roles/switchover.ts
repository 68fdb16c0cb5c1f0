import {
  InputError,
  type PatroniCluster,
  patroniCluster,
  patroniLeader,
  precondition,
  role,
  t,
} from 'provision'
import cluster from './cluster.ts'
import { mustKnow, patroniOf } from './sheets/members.ts'

/** Another primary, in order: what `provision switchover` runs. */
export default role({
  name: 'switchover',
  vars: t.Object({
    to: t.Optional(
      t.String({ description: 'Who shall lead. Default: the standby that is nearest to the primary.' }),
    ),
    at: t.Optional(t.String({ format: 'date-time', description: 'When, with its zone. Default: now.' })),
  }),
  facts: { cluster: patroniCluster },
  shared: { cluster },
  resources({ vars, shared, host, hosts }) {
    const seen = hosts.map((h) => h.facts.cluster).find((view) => view !== undefined)
    if (!seen) throw new InputError({ what: 'no member of the cluster answers', next: 'provision status' })
    mustKnow(hosts, [vars.to])
    const leader = seen.members.find((m) => m.role === 'leader')?.name
    const able = standbys(seen, shared.cluster.kind === 'coordinator')
    const to = vars.to ?? able[0]
    // One host does it: the primary, or the first where nobody leads.
    if (host.name !== (leader ?? hosts[0]?.name)) return []
    return [
      precondition('a switchover', {
        needs: 'a primary, and a standby that streams and that commits wait for',
        found: found(seen, leader, to, able),
        next: 'provision status; a primary that is gone is replaced by Patroni itself, without a switchover',
      }),
      to !== undefined && patroniLeader(to, { ...patroniOf(host), at: vars.at }),
    ]
  },
})

/** Those that may lead, the nearest to the primary first. */
export function standbys({ members }: PatroniCluster, isSynchronous: boolean): readonly string[] {
  return members
    .filter((m) => m.state === 'streaming' && !m.tags?.nofailover && (!isSynchronous || m.role !== 'replica'))
    .toSorted((a, b) => (Number(a.lag) || 0) - (Number(b.lag) || 0))
    .map((m) => m.name)
}

function found(
  { pause }: PatroniCluster,
  leader: string | undefined,
  to: string | undefined,
  able: readonly string[],
) {
  if (pause) return { holds: false, measured: 'the cluster is paused: provision maintenance off' }
  if (leader === undefined) return { holds: false, measured: 'nobody leads' }
  if (to === leader) return { holds: true, measured: `${leader} leads already` }
  const holds = to !== undefined && able.includes(to)
  return {
    holds,
    measured: `${leader} leads; ready to: ${able.join(', ') || 'nobody'}${holds || !to ? '' : `, not ${to}`}`,
  }
}
