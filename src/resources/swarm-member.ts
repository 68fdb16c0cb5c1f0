import { engineGet } from '../docker/api.ts'
import { enginePage, swarmInfo, swarmNodes } from '../docker/pages.ts'
import { type Ask, ask } from '../model/ask.ts'
import type { Change, Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { Secret } from '../secret/secret.ts'
import { lines, type Script, sh } from '../shell/sh.ts'
import { forgetNodes } from './swarm-forget.ts'

interface Wanted {
  readonly address: string
  /** `tcp` address of a manager to join; undefined founds a swarm. */
  readonly join: string | undefined
  readonly addressPool: string
}

interface Seen {
  readonly state: string
  readonly isManager: boolean
  readonly address: string
  /** Entries of this host's earlier lives: same name, another node id. */
  readonly stale: readonly string[]
}

export type SwarmManagerOptions = Meta & {
  /** The host's own address: for control, gossip and data. */
  readonly address: string
  /** Another manager, by its inventory name and address: this host joins its swarm. Without it, a swarm is founded. */
  readonly through?: { readonly host: string; readonly address: string }
  /** Addresses of overlay networks, in /24s. It cannot be changed later; Docker's own default lies over 10.0.0.0/8. */
  readonly addressPool: string
}

/** A manager of a Docker Swarm. The join token comes from the other manager and reaches no argv and no log. */
export function swarmManager(options: SwarmManagerOptions): Resource<Wanted, Seen> {
  const { address, through, addressPool } = options
  const join = through && `${through.address}:2377`
  const asks = through ? [keysOf(through.host)] : []
  return resource(kind, 'manager', { address, join, addressPool }, { ...options, asks })
}

/** What lets a host in: as a new manager, or as one whose daemon was restarted while the swarm locks itself. */
interface Keys {
  readonly token: Secret
  readonly unlock: Secret
}

/**
 * A manager's keys. No answer while the host is not one itself, nor while the managers have no leader: a join then hangs
 * until they have elected one.
 */
function keysOf(host: string): Ask<Keys> {
  return ask(host, {
    script: sh`${engineGet('/nodes')} 2>/dev/null | jq -e 'any(.[]; .ManagerStatus.Leader)' >/dev/null && ${engineGet('/swarm')} && ${engineGet('/swarm/unlockkey')}`,
    parse({ stdout }) {
      const token = /"Manager":"(SWMTKN-[^"]+)"/.exec(stdout)?.[1]
      if (!token) throw new Error('it manages no swarm that has a leader')
      const unlock = /"UnlockKey":"(SWMKEY-[^"]+)"/.exec(stdout)?.[1] ?? ''
      return { token: new Secret('swarm join token', token), unlock: new Secret('swarm unlock key', unlock) }
    },
  })
}

const kind: Kind<Wanted, Seen> = {
  name: 'swarm',
  timeoutSeconds: 120,
  probe: (wanted) => ({
    script: sh`:`,
    gets: [enginePage('/info'), enginePage('/nodes')],
    parse(_, [info, nodes]) {
      const { hostname, nodeId, state, isManager, address } = swarmInfo(info)
      const stale = swarmNodes(nodes)
        .filter((node) => node.Description?.Hostname === hostname && node.ID !== nodeId)
        .map((node) => node.ID)
      return wanted.map(() => ({ state, isManager, address, stale }))
    },
  }),
  plan({ address, join }, seen) {
    const changes: Change[] = []
    if (seen.state !== 'active' || !seen.isManager)
      changes.push({
        attribute: 'swarm',
        from: seen.state === 'active' ? 'worker' : seen.state,
        to:
          seen.state === 'locked'
            ? `unlocked${join ? ` by a key from ${join}` : ''}`
            : join
              ? `manager, joined through ${join}`
              : 'first manager',
      })
    else if (seen.address !== address) changes.push({ attribute: 'address', from: seen.address, to: address })
    if (seen.stale.length > 0)
      changes.push({ attribute: 'stale entries', from: seen.stale.join(', '), to: 'removed' })
    return changes
  },
  apply: (planned) =>
    lines(
      planned.map(({ desired, actual, answers, changes }) => {
        if (changes.every((c) => c.attribute === 'stale entries')) return forgetOldSelves
        if (actual.state === 'locked') return unlock((answers[0] as Keys | undefined)?.unlock)
        if (actual.state !== 'inactive')
          return sh`echo ${`this node is already in a swarm (${actual.state}, ${actual.address || 'no address'}): take it out by hand first (docker swarm leave)`} >&2; exit 1`
        return desired.join
          ? lines([join(desired, (answers[0] as Keys).token), forgetOldSelves])
          : found(desired)
      }),
    ),
  risks: () => ['quorum'],
}

/** What this host was before it left. Right after a join the new member may not be answered yet: asked until it is. */
const forgetOldSelves = lines([
  sh`end=$(($(date +%s) + 60))`,
  sh`until me=$(${engineGet('/info')} | jq -c '{Name, id: .Swarm.NodeID}') && nodes=$(${engineGet('/nodes')} 2>/dev/null); do [ "$(date +%s)" -lt "$end" ] || { echo 'the swarm does not answer this manager' >&2; exit 1; }; sleep 1; done`,
  forgetNodes(
    sh`$(printf %s "$nodes" | jq -r --argjson me "$me" '.[] | select(.Description.Hostname == $me.Name and .ID != $me.id) | .ID')`,
  ),
])

function found({ address, addressPool }: Wanted): Script {
  const body = {
    ListenAddr: `${address}:2377`,
    AdvertiseAddr: address,
    DataPathAddr: address,
    DefaultAddrPool: [addressPool],
    SubnetSize: 24,
    Spec: { Orchestration: { TaskHistoryRetentionLimit: 3 } },
  }
  return post('init', sh`printf %s ${JSON.stringify(body)}`)
}

/** The token is written by the shell itself and read from standard input: it is in no command line. */
function join({ address, join: remote }: Wanted, token: Secret): Script {
  const body = {
    ListenAddr: `${address}:2377`,
    AdvertiseAddr: address,
    DataPathAddr: address,
    RemoteAddrs: [remote],
  }
  const head = JSON.stringify(body).slice(0, -1)
  return post('join', sh`printf '%s,"JoinToken":"%s"}' ${head} ${token}`)
}

/** Where every manager is locked nobody can be asked: the operator has the key. */
function unlock(key: Secret | undefined): Script {
  if (!key)
    return sh`echo 'every manager of the swarm is locked: docker swarm unlock on one of them, with the key that you keep (docker swarm unlock-key showed it)' >&2; exit 1`
  return post('unlock', sh`printf '{"UnlockKey":"%s"}' ${key}`)
}

function post(verb: string, body: Script): Script {
  return sh`answer=$(${body} | curl -s --max-time 100 --unix-socket /run/docker.sock -w '\n%{http_code}' -H 'Content-Type: application/json' -d @- ${`http://docker/swarm/${verb}`})
case $answer in *200) ;; *) printf '%s\n' "$answer" >&2; exit 1 ;; esac`
}
