import {
  check,
  enginePage,
  type Host,
  hasLeft,
  type Port,
  precondition,
  role,
  sh,
  sharedVars,
  swarm,
  swarmAutolock,
  swarmManager,
  swarmNode,
  swarmNodes,
  t,
} from 'provision'
import { newcomerVars } from './newcomer.ts'

/** What Docker listens on for the swarm. */
export const ports: readonly Port[] = [
  { from: ['peers'], protocol: 'tcp', ports: [2377, 7946], reason: 'swarm' },
  { from: ['peers'], protocol: 'udp', ports: [7946, 4789], reason: 'swarm gossip and overlay networks' },
]

const vars = t.Object({
  addressPool: t.String({
    default: '10.201.0.0/16',
    description: 'Addresses of overlay networks. It cannot be changed later.',
  }),
  autolock: t.Boolean({
    default: false,
    description:
      'A manager whose daemon was restarted waits for a key, and its services with it: the next run brings the key from another manager. Keep it (docker swarm unlock-key): after a power cut of all hosts nobody else has it.',
  }),
})

/** For roles that must know the swarm's addresses. */
export const swarmVars = sharedVars('swarm', vars)

/** Docker Swarm: every host of the play is a manager. Whoever is one already lets the others in. */
export default role({
  name: 'swarm',
  vars,
  shared: { newcomer: newcomerVars },
  facts: { swarm, left: hasLeft },
  resources({ vars, facts, shared, host, hosts }) {
    const { newcomer } = shared
    const isMember = (h: (typeof hosts)[number]) => h.facts.swarm.state !== 'inactive'
    // A host that lost its swarm joins that of the others. One is founded only where no host is in any: a manager
    // that has no leader at this moment says that it manages nothing, and is a member all the same. Nobody joins the swarm
    // of a newcomer, which may be another cluster's.
    const settled = hosts.filter((h) => h.name !== newcomer.host)
    const founder = settled.find((h) => h.facts.swarm.isManager) ?? settled.find(isMember) ?? hosts[0]
    const through =
      founder && founder.name !== host.name ? { host: founder.name, address: founder.address } : undefined
    return [
      facts.left && newcomer.host !== host.name && isOut(host),
      swarmManager({ address: host.address, addressPool: vars.addressPool, ...(through ? { through } : {}) }),
      swarmNode({ labels: { 'provision.host': host.name } }),
      host.name === hosts[0]?.name && swarmAutolock(vars.autolock),
      check(`swarm has ${hosts.length} managers`, membersReady(hosts.length), {
        withinSeconds: 120,
        pages: {
          gets: [enginePage('/nodes')],
          wrong([nodes]) {
            const ready = swarmNodes(nodes).filter(
              (n) => n.Status?.State === 'ready' && n.ManagerStatus?.Reachability === 'reachable',
            ).length
            return ready === hosts.length ? undefined : `${ready} of ${hosts.length} managers are ready`
          },
        },
      }),
    ]
  },
})

/** Whoever was taken out in order does not come back because an inventory still names it. */
function isOut({ name }: Host) {
  return precondition('a member of the cluster', {
    needs: `${name} was not taken out of the cluster`,
    found: { holds: false, measured: 'it was, in order' },
    next: `take ${name} out of the inventory; or let it in again: provision add ${name}`,
  })
}

function membersReady(count: number): string {
  return sh`n=$(curl -s --max-time 10 --unix-socket /run/docker.sock http://docker/nodes | jq '[.[] | select(.Status.State == "ready" and .ManagerStatus.Reachability == "reachable")] | length')
[ "$n" = ${count} ] || { echo "$n of ${String(count)} managers are ready"; exit 1; }`.text
}
