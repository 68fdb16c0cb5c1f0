import { check, role, sh, swarm, swarmManager, t } from 'provision'

const vars = t.Object({
  addressPool: t.String({
    default: '10.201.0.0/16',
    description: 'Addresses of overlay networks. It cannot be changed later.',
  }),
})

/** Docker Swarm: every host of the play is a manager. Whoever is one already lets the others in. */
export default role({
  name: 'swarm',
  vars,
  facts: { swarm },
  resources({ vars, host, hosts }) {
    const managers = hosts.filter((h) => h.facts.swarm.isManager)
    // A host that lost its swarm joins that of the others; only where there is none at all one is founded.
    const founder = managers[0] ?? hosts[0]
    const through =
      founder && founder.name !== host.name ? { host: founder.name, address: founder.address } : undefined
    return [
      swarmManager({ address: host.address, addressPool: vars.addressPool, ...(through ? { through } : {}) }),
      check(`swarm has ${hosts.length} managers`, membersReady(hosts.length), { withinSeconds: 120 }),
    ]
  },
})

function membersReady(count: number): string {
  return sh`n=$(curl -s --max-time 10 --unix-socket /run/docker.sock http://docker/nodes | jq '[.[] | select(.Status.State == "ready" and .ManagerStatus.Reachability == "reachable")] | length')
[ "$n" = ${count} ] || { echo "$n of ${String(count)} managers are ready"; exit 1; }`.text
}
