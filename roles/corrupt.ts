import {
  InputError,
  patroniCluster,
  patroniLeader,
  pgPages,
  precondition,
  type Resources,
  role,
  sharedVars,
  t,
} from 'provision'
import cluster from './cluster.ts'
import { madeAnew, madeAt } from './reinit.ts'
import { mustKnow, patroniOf } from './sheets/members.ts'
import { standbys } from './switchover.ts'

const vars = t.Object({
  host: t.Optional(t.String({ description: '`provision dr corrupt` sets it for its run.' })),
  force: t.Boolean({ default: false, description: 'Also where no damage is found.' }),
  at: t.String({ default: '', description: 'When it began: what was read for another run counts no more.' }),
})

export default sharedVars('corrupt', vars)

interface Scene {
  readonly vars: { readonly host?: string; readonly force: boolean; readonly at: string }
  readonly host: Parameters<typeof patroniOf>[0]
  readonly made: string
  readonly leader: string | undefined
  /** Whoever leads afterwards: the primary, or the standby that takes over from a damaged one. */
  readonly sound: string | undefined
  readonly able: readonly string[]
  readonly isPaused: boolean
}

/** A part of the procedure; nothing where no host was named. */
function part(resources: (scene: Scene) => Resources) {
  return role({
    name: 'corrupt',
    vars,
    facts: { cluster: patroniCluster, made: madeAt() },
    shared: { cluster },
    resources({ vars, facts, shared, host, hosts }) {
      if (vars.host === undefined) return []
      mustKnow(hosts, [vars.host])
      const seen = hosts.map((h) => h.facts.cluster).find((view) => view !== undefined)
      if (!seen) throw new InputError({ what: 'no member of the cluster answers', next: 'provision status' })
      const leader = seen.members.find((m) => m.role === 'leader')?.name
      const able = standbys(seen, shared.cluster.kind === 'coordinator').filter((name) => name !== vars.host)
      return resources({
        vars,
        host,
        made: facts.made,
        leader,
        able,
        sound: leader === vars.host ? able[0] : leader,
        isPaused: seen.pause === true,
      })
    },
  })
}

/** Is it damaged there, and is whoever shall lead sound? Everything is read; nothing is changed. */
export const looked = part((scene) => {
  const { vars, host, sound } = scene
  return [
    host.name === vars.host && [
      source(scene),
      !vars.force &&
        pgPages(`${host.name} before, ${vars.at}`, { via: `postgres-${host.name}`, expected: 'damaged' }),
    ],
    host.name === sound &&
      pgPages(`${host.name}, ${vars.at}`, { via: `postgres-${host.name}`, expected: 'sound' }),
  ]
})

/** A damaged primary hands over to the sound standby. */
export const handedOver = part(
  ({ vars, host, leader, sound }) =>
    host.name === vars.host &&
    host.name === leader &&
    sound !== undefined &&
    patroniLeader(sound, patroniOf(host)),
)

/** The damaged data is thrown away and cloned; then all of it is read again. */
export const mended = part(
  ({ vars, host, made }) =>
    host.name === vars.host && [
      madeAnew(host, made),
      pgPages(`${host.name} after, ${vars.at}`, { via: `postgres-${host.name}`, expected: 'sound' }),
    ],
)

function source({ vars, leader, sound, able, isPaused }: Scene) {
  return precondition('a sound member to clone from', {
    needs: `a primary, and where that is ${vars.host} a standby that streams and that commits wait for`,
    found: {
      holds: leader !== undefined && sound !== undefined && !isPaused,
      measured: isPaused
        ? 'the cluster is paused: provision maintenance off'
        : `${leader ?? 'nobody'} leads; ready to: ${able.join(', ') || 'nobody'}`,
    },
    next: 'provision status; the only copy of the data is never thrown away: bring another member back first',
  })
}
