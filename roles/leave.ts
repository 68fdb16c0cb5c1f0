import {
  etcdSeat,
  file,
  leftFile,
  noEtcdMember,
  noSwarm,
  noSwarmService,
  postgresIdentity,
  precondition,
  role,
  service,
  t,
} from 'provision'
import cluster from './cluster.ts'
import { etcdDataAside } from './sheets/leaving.ts'
import { mustKnow } from './sheets/members.ts'
import { monitoringParts } from './sheets/monitoring.ts'
import { othersAlive } from './sheets/others.ts'
import { clientUrls, hasVote, votersOf } from './sheets/voters.ts'

/**
 * A host leaves its cluster in order, while the others are all there: clients first, then PostgreSQL, which hands over
 * where it leads, then etcd, at last the swarm. Its data stays. What `provision remove` and `replace --decommission` run.
 */
export default role({
  name: 'leave',
  vars: t.Object({
    host: t.Optional(t.String({ description: 'Who leaves: `provision remove` sets it for its run.' })),
  }),
  shared: { cluster },
  facts: { seat: etcdSeat, identity: postgresIdentity },
  resources({ vars, facts, shared, host, hosts }) {
    mustKnow(hosts, [vars.host])
    const { name, address } = host
    const voters = votersOf(hosts, shared.cluster)
    if (name !== vars.host) return othersAlive(host, hasVote(host, voters))
    const members = hosts.filter((h) => h.facts.identity !== undefined && h.name !== name)
    const through = clientUrls(voters.filter((h) => h.facts.seat.hasData && h.name !== name))
    return [
      precondition('a primary and a standby without it', {
        needs: 'at least two other members of PostgreSQL',
        found: { holds: members.length >= 2, measured: members.map((h) => h.name).join(', ') || 'none' },
        next: 'first another one: write it into the inventory, then provision add HOST',
      }),
      monitoringParts.map((part) => noSwarmService(`${part}-${name}`)),
      service('keepalived', { enabled: false, running: false }),
      noSwarmService(`haproxy-${name}`, { interrupts: ['proxy'] }),
      noSwarmService(`pgbouncer-${name}`, { interrupts: ['pooler'] }),
      noSwarmService(`postgres-${name}`, { interrupts: ['postgres'] }),
      facts.seat.hasData && [
        service('provision-etcd-snapshot.timer', { enabled: false, running: false }),
        service('provision-etcd-defrag.timer', { enabled: false, running: false }),
        noSwarmService(`etcd-${name}`, { interrupts: ['etcd'] }),
        noEtcdMember(name, { peerUrl: `https://${address}:2380`, through }),
        etcdDataAside(),
      ],
      noSwarm(),
      file(leftFile, { content: 'taken out in order by provision\n' }),
    ]
  },
})
