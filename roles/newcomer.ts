import {
  etcdMade,
  etcdSeat,
  file,
  hardware,
  hasLeft,
  leftFile,
  noSwarmGhost,
  postgresIdentity,
  prepared,
  role,
  sharedVars,
  swarm,
  t,
} from 'provision'
import cluster from './cluster.ts'
import { foreignData, isBigEnough, isNew } from './sheets/newcomer.ts'
import { othersAlive } from './sheets/others.ts'
import { hasVote, votersOf } from './sheets/voters.ts'

const vars = t.Object({
  host: t.Optional(
    t.String({
      description:
        'The host whose machine is a new one: `provision add` and `provision replace` set it for their run.',
    }),
  ),
  wipe: t.Boolean({
    default: false,
    description: 'What its disks hold of another cluster is deleted: `--wipe` sets it.',
  }),
})

/** For roles that must know who is new. */
export const newcomerVars = sharedVars('newcomer', vars)

/**
 * A new machine: in the place of one that died, or beside the others. Before anything is changed: the others must be able to
 * bear it, and the machine must be a new one. Then the swarm forgets a dead one of its name; the rest of the way is that
 * of every run.
 */
export default role({
  name: 'newcomer',
  vars,
  shared: { cluster },
  facts: {
    swarm,
    seat: etcdSeat,
    made: etcdMade,
    prepared,
    hardware,
    identity: postgresIdentity,
    left: hasLeft,
  },
  resources({ vars, shared, host, hosts }) {
    const target = hosts.find((h) => h.name === vars.host)
    if (!target) return []
    const others = hosts.filter((h) => h.name !== target.name)
    const voters = votersOf(hosts, shared.cluster)
    if (host.name === target.name) {
      const foreign = foreignData(target, others)
      return [
        isNew(target, hasVote(target, voters)),
        isBigEnough(target, others),
        foreign.precondition(vars.wipe),
        vars.wipe && foreign.deleted,
        target.facts.left && file(leftFile, { ensure: 'absent' }),
      ]
    }
    const manager = others.find((h) => h.facts.swarm.isManager)
    return [
      othersAlive(host, hasVote(host, voters)),
      host.name === manager?.name && target.facts.swarm.state === 'inactive' && noSwarmGhost(target.name),
    ]
  },
})
