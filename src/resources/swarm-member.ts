import { type Ask, ask } from '../model/ask.ts'
import type { Change, Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { Secret } from '../secret/secret.ts'
import { lines, type Script, sh } from '../shell/sh.ts'

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
  const asks = through ? [joinToken(through.host)] : []
  return resource(kind, 'manager', { address, join, addressPool }, { ...options, asks })
}

/** A manager's token for managers. No answer while the host is not one itself. */
function joinToken(host: string): Ask<Secret> {
  return ask(host, {
    script: sh`curl -s --max-time 10 --unix-socket /run/docker.sock http://docker/swarm`,
    parse({ stdout }) {
      const token = /"Manager":"(SWMTKN-[^"]+)"/.exec(stdout)?.[1]
      if (!token) throw new Error('it is no manager of a swarm yet')
      return new Secret('swarm join token', token)
    },
  })
}

const kind: Kind<Wanted, Seen> = {
  name: 'swarm',
  timeoutSeconds: 120,
  probe: (wanted) => ({
    script: sh`curl -s --max-time 10 --unix-socket /run/docker.sock http://docker/info 2>/dev/null | jq -r '.Swarm | "\(.LocalNodeState) \(.ControlAvailable) \(.NodeAddr)"' 2>/dev/null; :`,
    parse({ stdout }) {
      const [state = '', control, address = ''] = stdout.trim().split(' ')
      return wanted.map(() => ({ state: state || 'inactive', isManager: control === 'true', address }))
    },
  }),
  plan({ address, join }, seen) {
    const changes: Change[] = []
    if (seen.state !== 'active' || !seen.isManager)
      changes.push({
        attribute: 'swarm',
        from: seen.state === 'active' ? 'worker' : seen.state,
        to: join ? `manager, joined through ${join}` : 'first manager',
      })
    else if (seen.address !== address) changes.push({ attribute: 'address', from: seen.address, to: address })
    return changes
  },
  apply: (planned) =>
    lines(
      planned.map(({ desired, actual, answers }) => {
        if (actual.state !== 'inactive')
          return sh`echo ${`this node is already in a swarm (${actual.state}, ${actual.address || 'no address'}): take it out by hand first (docker swarm leave)`} >&2; exit 1`
        return desired.join ? join(desired, answers[0] as Secret) : found(desired)
      }),
    ),
  risks: () => ['quorum'],
}

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

function post(verb: string, body: Script): Script {
  return sh`answer=$(${body} | curl -s --max-time 100 --unix-socket /run/docker.sock -w '\n%{http_code}' -H 'Content-Type: application/json' -d @- ${`http://docker/swarm/${verb}`})
case $answer in *200) ;; *) printf '%s\n' "$answer" >&2; exit 1 ;; esac`
}
