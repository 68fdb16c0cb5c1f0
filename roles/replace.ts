import {
  etcdSeat,
  type Host,
  hardware,
  noSwarmGhost,
  precondition,
  prepared,
  role,
  sh,
  sharedVars,
  swarm,
  t,
} from 'provision'
import { etcdLook, postgresLook, swarmLook } from './sheets/looks.ts'

const vars = t.Object({
  host: t.Optional(
    t.String({
      description: 'The host whose machine is another one now: `provision replace HOST` sets it for its run.',
    }),
  ),
})

/** For roles that must know who is being replaced. */
export const replaceVars = sharedVars('replace', vars)

/**
 * A new machine in the place of a host that died. Before anything is changed: the others must be able to bear it, and
 * the new machine must be a new one. Then the swarm forgets the old one; the rest of the way is that of every run.
 */
export default role({
  name: 'replace',
  vars,
  facts: { swarm, seat: etcdSeat, prepared, hardware },
  resources({ vars, host, hosts }) {
    const target = hosts.find((h) => h.name === vars.host)
    if (!target) return []
    const others = hosts.filter((h) => h.name !== target.name)
    if (host.name === target.name) return [isNew(target), bigEnough(target, others)]
    const manager = others.find((h) => h.facts.swarm.isManager)
    return [
      alive('etcd', etcdLook, host),
      alive('swarm', swarmLook, host),
      alive('postgres', postgresLook(host), host),
      host.name === manager?.name && target.facts.swarm.state === 'inactive' && noSwarmGhost(target.name),
    ]
  },
})

type Target = Host & {
  readonly facts: {
    readonly swarm: { readonly state: string }
    readonly seat: { readonly hasData: boolean }
    readonly prepared: boolean
    readonly hardware: {
      readonly ramKb: number
      readonly freeKb: { readonly var: number }
      readonly usedKb: { readonly var: number }
    }
  }
}

/** A machine that is a member of everything is no new one; one that an earlier try left half-way is. */
function isNew({ name, facts }: Target) {
  const isMember = facts.prepared && facts.seat.hasData && facts.swarm.state === 'active'
  return precondition('a new machine', {
    needs: `a blank machine in the place of ${name}`,
    found: {
      holds: !isMember,
      measured: isMember
        ? `${name} answers as itself: prepared, in the swarm, with the data of etcd`
        : 'blank, or half-way',
    },
    next: `there is nothing to replace: provision mends what it can; a machine that is to go must be off or wiped first`,
  })
}

/** All members have one configuration: a smaller one would not bear it. Room for the data, and a third more to work in. */
function bigEnough(target: Target, others: readonly Target[]) {
  const gb = (kb: number) => `${(kb / 1024 / 1024).toFixed(1)} GB`
  const { ramKb, freeKb, usedKb } = target.facts.hardware
  const ram = Math.min(...others.map((h) => h.facts.hardware.ramKb))
  const data = Math.max(...others.map((h) => h.facts.hardware.usedKb.var))
  // A few per cent of memory are the firmware's, and differ from board to board.
  const hasRam = ramKb >= ram * 0.95
  const hasRoom = freeKb.var + usedKb.var >= data * 1.3
  return precondition('as big as the others', {
    needs: `${gb(ram)} of memory, and ${gb(data * 1.3)} on /var`,
    found: { holds: hasRam && hasRoom, measured: `${gb(ramKb)}, and ${gb(freeKb.var + usedKb.var)}` },
    next: 'take a bigger machine; or make the configuration smaller first (postgres.memoryMb), on the others',
  })
}

/** While one is missing, all others must be there: with one more gone nothing would be left that may decide. */
function alive(name: string, look: string, { name: host }: Host) {
  return precondition(`${name} on ${host}`, {
    needs: `the member of ${name} on ${host} is alive`,
    measure: sh`said=$(eval ${look}); printf '%s\n' "$said"; case $said in alive*) ;; *) exit 1 ;; esac`,
    next: 'provision status says what is wrong; bring it back first, one after the other',
  })
}
