import {
  check,
  containerOf,
  drained,
  drainedFile,
  file,
  type Host,
  patroniCluster,
  patroniLeader,
  precondition,
  privilegedExec,
  role,
  sh,
  t,
} from 'provision'
import cluster from './cluster.ts'
import { mustKnow, patroniOf } from './sheets/members.ts'
import { othersAlive } from './sheets/others.ts'
import { reload } from './sheets/services.ts'
import { hasVote, votersOf } from './sheets/voters.ts'
import { standbys } from './switchover.ts'

/**
 * One host carries no clients while somebody works on it: it hands over, gives the address away, gets no reads, and would
 * not take over. It stays a member of everything. What `provision maintenance on|off HOST` runs.
 */
export default role({
  name: 'drain',
  vars: t.Object({
    host: t.Optional(t.String({ description: '`provision maintenance` sets it for its run.' })),
    on: t.Boolean({ default: false }),
  }),
  shared: { cluster },
  facts: { cluster: patroniCluster, drained },
  resources({ vars, shared, host, hosts }) {
    mustKnow(hosts, [vars.host])
    const target = hosts.find((h) => h.name === vars.host)
    if (!target) return []
    const { vip } = shared.cluster
    const isTarget = host.name === target.name
    if (!vars.on)
      return (
        isTarget && [
          ...tags(host, undefined),
          check(`${host.name} may lead again`, knows(host, false), slowly),
        ]
      )

    const seen = hosts.map((h) => h.facts.cluster).find((view) => view !== undefined)
    const leader = seen?.members.find((m) => m.role === 'leader')?.name
    const able = seen
      ? standbys(seen, shared.cluster.kind === 'coordinator').filter((s) => s !== target.name)
      : []
    const isBegun = hosts.some((h) => h.name === target.name && h.facts.drained)
    const gone = check(`no reads go to ${target.name}`, proxySays('ro', target.name, 'DOWN'), slowly)
    if (!isTarget)
      return [!isBegun && othersAlive(host, hasVote(host, votersOf(hosts, shared.cluster))), gone]
    const before = hosts.filter((h) => h.facts.drained && h.name !== host.name).map((h) => h.name)
    return [
      !isBegun &&
        precondition('one host at a time', {
          needs: 'no other host that is drained',
          found: { holds: before.length === 0, measured: before.join(', ') || 'none' },
          next: `with two that may not lead nobody would take over: provision maintenance off ${before[0] ?? 'HOST'} first`,
        }),
      leader === host.name && [
        precondition('somebody to hand over to', {
          needs: 'a standby that streams and that commits wait for',
          found: {
            holds: able.length > 0 && !seen?.pause,
            measured: seen?.pause ? 'Patroni is paused' : able.join(', ') || 'none',
          },
          next: seen?.pause
            ? 'provision maintenance off'
            : 'provision status says what is wrong with the others',
        }),
        able[0] !== undefined && [
          patroniLeader(able[0], patroniOf(host)),
          // Only when commits are answered again the address moves: both at once would be one long silence.
          check(`writes go to ${able[0]}`, proxySays('rw', able[0], 'UP'), slowly),
          check(`commits are taken over by a standby of ${able[0]}`, isWaitedFor(host), slowly),
        ],
      ],
      ...tags(
        host,
        '# Written by `provision maintenance on`: taken away by `provision maintenance off`.\ntags:\n  nofailover: true\n  noloadbalance: true\n  clonefrom: false\n',
      ),
      check(`${host.name} may not lead`, knows(host, true), slowly),
      check(
        `${vip} is elsewhere`,
        sh`! ip -o addr show | grep -qF ${` ${vip}/`} || { echo ${`${host.name} still holds it`}; exit 1; }`
          .text,
        slowly,
      ),
      gone,
    ]
  },
})

// Patroni tells etcd in its next round, HAProxy asks each second; both within a few seconds.
const slowly = { withinSeconds: 60 }

function tags(host: Host, content: string | undefined) {
  const made =
    content === undefined ? file(drainedFile, { ensure: 'absent' }) : file(drainedFile, { content })
  return [made, reload('Patroni', patroniOf(host).via, made)]
}

/** Patroni itself has taken its tags over, and has told the others. */
function knows(host: Host, mayNot: boolean): string {
  const { url } = patroniOf(host)
  return sh`curl -K /etc/provision/tls/curl.conf ${`${url}/cluster`} | jq -e --arg name ${host.name} --argjson not ${String(mayNot)} 'any(.members[]; .name == $name and (.tags.nofailover == true) == $not)' >/dev/null || { echo 'Patroni has not taken its tags over'; exit 1; }`
    .text
}

/** After a switchover the others find the new primary within some seconds; until then no commit is answered. */
function isWaitedFor(host: Host): string {
  const streaming = `SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_replication WHERE state = 'streaming' AND (sync_state <> 'async' OR pg_catalog.current_setting('synchronous_standby_names') = '')`
  return sh`n=$(${privilegedExec(sh`$(${containerOf(patroniOf(host).via)})`)} psql-leader -Atqc ${streaming} postgres </dev/null) && [ "$n" -gt 0 ] || { echo "standbys that it waits for: \${n:-no answer}"; exit 1; }`
    .text
}

/** What this host's HAProxy thinks of a server. */
function proxySays(backend: 'ro' | 'rw', name: string, state: 'UP' | 'DOWN'): string {
  return sh`said=$(curl -s --noproxy '*' --max-time 5 'http://127.0.0.1:8404/;csv' | awk -F, -v backend=${backend} -v name=${name} '$1 == backend && $2 == name { print $18 }'); case $said in ${state}*) ;; *) echo ${`HAProxy says of ${name}:`} "$said"; exit 1 ;; esac`
    .text
}
