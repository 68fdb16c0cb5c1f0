import { etcdSeat, noEtcdMember, noSwarmGhost, noSwarmService, onlySecrets, role, swarm, t } from 'provision'
import cluster from './cluster.ts'
import { monitoringParts } from './sheets/monitoring.ts'
import { othersAlive } from './sheets/others.ts'
import { clientUrls, hasVote, votersOf } from './sheets/voters.ts'

/** The cluster forgets a host that is no longer in the inventory, or was taken out of it for this run: what `provision remove` runs. */
export default role({
  name: 'forget',
  vars: t.Object({
    host: t.Optional(t.String({ description: 'Who is forgotten: `provision remove` sets it for its run.' })),
    address: t.Optional(t.String({ description: 'The address that it had.' })),
  }),
  shared: { cluster },
  facts: { seat: etcdSeat, swarm },
  resources({ vars, shared, host, hosts }) {
    const { host: gone, address } = vars
    if (gone === undefined) return []
    const voters = votersOf(hosts, shared.cluster)
    const through = clientUrls(voters.filter((h) => h.facts.seat.hasData))
    const manager = hosts.find((h) => h.facts.swarm.isManager)
    return [
      othersAlive(host, hasVote(host, voters)),
      host.name === manager?.name && [
        noEtcdMember(gone, { peerUrl: `https://${address ?? gone}:2380`, through }),
        // The services of one that died are still asked for, and nobody can run them.
        [...monitoringParts, 'haproxy', 'pgbouncer', 'postgres', 'etcd'].map((part) =>
          noSwarmService(`${part}-${gone}`),
        ),
        noSwarmGhost(gone),
        onlySecrets(gone, { bases: [`tls-${gone}-crt`, `tls-${gone}-key`], keep: [] }),
      ],
    ]
  },
})
