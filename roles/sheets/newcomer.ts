import {
  command,
  etcdMadeScript,
  type Host,
  postgresIdentity,
  precondition,
  type Script,
  sh,
} from 'provision'

/** What is known of a machine that is to be a member, and of those that are. */
export type Machine = Host & {
  readonly facts: {
    readonly swarm: { readonly state: string; readonly nodeId: string; readonly cluster: string | undefined }
    readonly seat: {
      readonly hasData: boolean
      readonly bootstrap: string | undefined
    }
    readonly made: string
    readonly prepared: boolean
    readonly identity: string | undefined
    readonly left: boolean
    readonly hardware: {
      readonly ramKb: number
      readonly freeKb: { readonly var: number }
      readonly usedKb: { readonly var: number }
    }
  }
}

/** A machine that is a member of everything is no new one; one that an earlier try left half-way is. */
export function isNew({ name, facts }: Machine, hasVote: boolean) {
  const isMember =
    facts.prepared &&
    facts.swarm.state === 'active' &&
    (hasVote ? facts.seat.hasData : facts.identity !== undefined) &&
    !facts.left
  return precondition('a new machine', {
    needs: `a blank machine as ${name}`,
    found: {
      holds: !isMember,
      measured: isMember
        ? `${name} answers as itself: prepared, in the swarm, with its data`
        : 'blank, or half-way',
    },
    next: `there is nothing to do here: provision mends what it can. Is the machine to go? provision replace ${name} --decommission takes it out in order`,
  })
}

/** All members have one configuration: a smaller one would not bear it. Room for the data, and a third more to work in. */
export function isBigEnough(target: Machine, others: readonly Machine[]) {
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

/**
 * What the machine's disks hold of another cluster than that of the others. Data of this very cluster is no harm: PostgreSQL's
 * is caught up or rewound, etcd's is that of an earlier try.
 */
export function foreignData(target: Machine, others: readonly Machine[]) {
  const { swarm, seat, made, identity } = target.facts
  const ours = new Set(others.flatMap((h) => h.facts.identity ?? []))
  const database = identity !== undefined && !ours.has(identity) ? identity : undefined
  const isForeignEtcd =
    seat.hasData && !others.some((h) => seat.bootstrap?.includes(`=https://${h.address}:2380`))
  const swarms = new Set(others.flatMap((h) => h.facts.swarm.cluster ?? []))
  const isForeignSwarm =
    swarm.state !== 'inactive' && swarm.state !== 'unknown' && !swarms.has(swarm.cluster ?? '')
  const found = [
    database && `PostgreSQL of another cluster (system ${database})`,
    isForeignEtcd && 'etcd of another cluster',
    isForeignSwarm && 'a member of another swarm',
  ].filter(Boolean)
  return {
    // Each is known by what it is, not by where it lies: in its place the host's own will be.
    deleted: [
      isForeignSwarm &&
        deleted('leave the swarm of another cluster', {
          run: sh`docker swarm leave --force >/dev/null`,
          onlyIf: sh`[ "$(docker info --format '{{.Swarm.NodeID}}' 2>/dev/null)" = ${swarm.nodeId} ]`,
        }),
      database !== undefined &&
        deleted('delete the database of another cluster', {
          run: sh`${stopped}; rm -rf /var/lib/pg/data/main /var/lib/pg/wal/main`,
          onlyIf: sh`[ "$(echo $(${postgresIdentity.probe.script}))" = ${database} ]`,
        }),
      isForeignEtcd &&
        deleted('delete the etcd of another cluster', {
          run: sh`${stopped}; rm -rf /var/lib/etcd/member`,
          onlyIf: sh`[ "$(${etcdMadeScript})" = ${made} ]`,
        }),
    ],
    precondition: (wipes: boolean) =>
      precondition('no data of another cluster', {
        needs: 'nothing of another cluster on the disks',
        found: {
          holds: found.length === 0 || wipes,
          measured: `${found.join(', ') || 'nothing'}${wipes && found.length > 0 ? ', to be deleted' : ''}`,
        },
        next: `is it the right machine? If nothing of it is needed any more: provision replace ${target.name} --wipe`,
      }),
  }
}

/** Whatever still runs on the data: Docker starts its containers again after a boot. */
const stopped = sh`docker ps -q 2>/dev/null | xargs -r docker stop >/dev/null`

function deleted(name: string, { run, onlyIf }: { readonly run: Script; readonly onlyIf: Script }) {
  return command(name, { run: run.text, onlyIf: onlyIf.text, risk: ['data'] })
}
