import {
  check,
  command,
  type Host,
  patroniPause,
  patroniRequest,
  type Resources,
  raw,
  role,
  sh,
  sharedVars,
  t,
} from 'provision'
import cluster from './cluster.ts'
import { etcdLook, postgresHealthy, swarmLook } from './sheets/looks.ts'
import { patroniOf } from './sheets/members.ts'
import { hasVote, votersOf } from './sheets/voters.ts'

const curl = raw('curl -K /etc/provision/tls/curl.conf')

const vars = t.Object({
  force: t.Boolean({
    default: false,
    description: 'Promote the most advanced member that answers, although not all do: commits may be lost.',
  }),
})

export default sharedVars('all-down', vars)

/** A step of the way back; each waits for what the next one needs, on every host. */
function step(
  resources: (scene: {
    readonly host: Host
    readonly hosts: readonly Host[]
    readonly voters: readonly Host[]
    readonly force: boolean
  }) => Resources,
) {
  return role({
    name: 'all-down',
    vars,
    shared: { cluster },
    resources: ({ vars, shared, host, hosts }) =>
      resources({ host, hosts, voters: votersOf(hosts, shared.cluster), force: vars.force }),
  })
}

export const docker = step(() =>
  check(
    'Docker answers',
    sh`curl -fsS --max-time 5 --unix-socket /run/docker.sock -o /dev/null http://docker/_ping`.text,
    {
      withinSeconds: 120,
    },
  ),
)

export const swarm = step(({ host, hosts }) => alive('the swarm', swarmLook, host, hosts))

export const etcd = step(({ host, voters }) => hasVote(host, voters) && alive('etcd', etcdLook, host, voters))

/** In a pause Patroni starts no server: it ends here, when all Patronis can hear it. */
export const patroni = step(({ host, hosts }) => [
  check(
    'Patroni answers',
    sh`${curl} -f -o /dev/null ${`${patroniOf(host).url}/config`} || { echo 'no answer yet'; exit 1; }`.text,
    {
      withinSeconds: 120,
    },
  ),
  host.name === hosts[0]?.name && patroniPause(false, patroniOf(host)),
])

/** Crash recovery takes as long as there is WAL since the last checkpoint: minutes, on a big server. */
export const server = step(({ host }) =>
  check(
    'PostgreSQL runs',
    sh`s=$(${curl} ${`${patroniOf(host).url}/patroni`} | jq -r .state); [ "$s" = running ] || { echo "PostgreSQL is \${s:-silent}"; exit 1; }`
      .text,
    { withinSeconds: 900 },
  ),
)

/**
 * Mostly one of them leads by itself; else the most advanced of all is promoted. The others may stop once more, to rewind:
 * all is well only when they stream.
 */
export const primary = step(
  ({ host, hosts, force }) => host.name === hosts[0]?.name && promoted(host, hosts, force),
)

export const healthy = step(({ host, hosts }) =>
  check('all take part', postgresHealthy(host, hosts.length), { withinSeconds: 300 }),
)

function alive(what: string, look: string, { name }: Host, hosts: readonly Host[]) {
  return check(
    `${what} on ${name}`,
    sh`said=$(eval ${look}); case $said in 'alive '*' '${hosts.length}) ;; *) printf '%s: this member says %s; needed: alive, one of %s\n' ${what} "$said" ${hosts.length}; exit 1 ;; esac`
      .text,
    { withinSeconds: 180 },
  )
}

function promoted(host: Host, hosts: readonly Host[], force: boolean) {
  const { url, via } = patroniOf(host)
  const leads = sh`${curl} -f ${`${url}/cluster`} | jq -e 'any(.members[]; .role == "leader" and .state == "running")' >/dev/null`
  const positions = hosts.map(
    (h) =>
      sh`${curl} ${`${patroniOf(h).url}/patroni`} | jq -r --arg name ${h.name} 'select(.state == "running") | "\(.timeline) \(.xlog.location // ([.xlog.received_location // 0, .xlog.replayed_location // 0] | max)) \($name)"'`
        .text,
  )
  const request = patroniRequest(via, 'POST', `${url}/failover`, '$body', 60).text.replace(
    "-d '$body'",
    '-d "$body"',
  )
  return command('promote the most advanced member, where nobody leads', {
    run: sh`end=$(($(date +%s) + 60)); until ${leads}; do [ "$(date +%s)" -lt "$end" ] || break; sleep 1; done
${leads} && exit 0
all=$({ ${raw(positions.join('\n'))}
} | sort -k1,1nr -k2,2nr)
printf 'timeline, position, member:\n%s\n' "$all" >&2
[ "$(printf '%s\n' "$all" | grep -c .)" = ${hosts.length} ] || ${force ? raw('true') : raw('false')} || { echo 'nobody leads, and not all members say how far they are: whoever is silent may be ahead. Bring it back, or lose what only it has: --force' >&2; exit 1; }
best=$(printf '%s\n' "$all" | head -n 1 | cut -d' ' -f3); [ -n "$best" ] || { echo 'no member runs' >&2; exit 1; }
body="{\"candidate\": \"$best\"}"; a=$(${raw(request)}); case $a in *200|*202) ;; *) printf '%s\n' "$a" >&2; exit 1 ;; esac
end=$(($(date +%s) + 60)); until ${leads}; do [ "$(date +%s)" -lt "$end" ] || { echo "$best does not lead after 60 s" >&2; exit 1; }; sleep 1; done`
      .text,
    unless: leads.text,
    risk: ['data'],
  })
}
