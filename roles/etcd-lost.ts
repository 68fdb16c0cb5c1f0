import {
  byPosition,
  check,
  command,
  containerOf,
  type EtcdMemory,
  etcdMade,
  etcdMadeScript,
  etcdMemory,
  etcdMemoryAt,
  etcdSeat,
  type Host,
  isBarred,
  type PatroniOwn,
  type Peer,
  patroniSettled,
  positionText,
  postgresBarred,
  postgresIdentity,
  precondition,
  type Resources,
  raw,
  role,
  type Script,
  serviceGone,
  sh,
  sharedVars,
  t,
} from 'provision'
import { swarmLook } from './sheets/looks.ts'
import { patroniOf } from './sheets/members.ts'
import { aliveBy } from './sheets/others.ts'

const vars = t.Object({
  at: t.Optional(
    t.String({
      pattern: '^[0-9TZ-]+$',
      description:
        'When it began, as 2027-01-31T03-00-00Z: `provision dr etcd-lost` sets it for its run. What is left of the old data is named by it.',
    }),
  ),
})

/** For role etcd: an etcd that is founded anew under a database that has its data. */
export default sharedVars('etcd-lost', vars)

type Seen = Peer<{
  readonly memory: EtcdMemory
  readonly own: PatroniOwn | undefined
  readonly identity: string | undefined
  /** Its Patroni was told never to lead: by an earlier try that died. */
  readonly barred: boolean
  readonly seat: { readonly hasData: boolean }
  readonly made: string
}>

/** A part of the procedure, on one host; nothing of it where the command did not ask for it. */
function part(
  resources: (scene: {
    readonly at: string
    readonly host: Seen
    readonly hosts: readonly Seen[]
    /** Who is to lead the database on the new etcd. */
    readonly chosen: Seen
  }) => Resources,
) {
  return role({
    name: 'etcd-lost',
    vars,
    facts: {
      memory: etcdMemory,
      own: patroniSettled,
      identity: postgresIdentity,
      barred: postgresBarred,
      seat: etcdSeat,
      made: etcdMade,
    },
    resources({ vars: { at }, host, hosts }) {
      const own = hosts.find((h) => h.name === host.name)
      const chosen = chosenOf(hosts)
      return at !== undefined && own && chosen ? resources({ at, host: own, hosts, chosen }) : []
    },
  })
}

/**
 * The primary that runs; where none does, the member whose WAL goes furthest, and of equals the one that an earlier try
 * has chosen.
 */
function chosenOf(hosts: readonly Seen[]): Seen | undefined {
  const [first] = hosts.toSorted(
    ({ facts: a }, { facts: b }) =>
      byPosition(a.own?.position, b.own?.position) || Number(a.barred) - Number(b.barred),
  )
  return primaries(hosts)[0] ?? first
}

const primaries = (hosts: readonly Seen[]) =>
  hosts.filter(({ facts: { own } }) => own?.role === 'primary' && own.state === 'running')

/** Is there no etcd any more that knows the cluster? One that does must not get another one beside it. */
export const isLost = (hosts: readonly { readonly facts: { readonly memory: EtcdMemory } }[]): boolean =>
  !hosts.some((h) => h.facts.memory === 'known')

/**
 * Before etcd is there again: all but one are told never to lead. In an empty etcd whoever comes first takes the key, and
 * that could be a standby that lacks commits.
 */
export const barred = part(({ host, hosts, chosen }) => [
  host.name === hosts[0]?.name && [lost(hosts), oneDatabase(hosts), oneLeader(hosts, chosen)],
  isLost(hosts) && swarmAnswers(host),
  isLost(hosts) && (host.name === chosen.name ? free(host) : bar(host, chosen, hosts)),
])

/** What is left of etcd's data is set aside, on all hosts, before a new one is founded on any. */
export const aside = part(
  ({ at, host, hosts }) => isLost(hosts) && host.facts.seat.hasData && setAside(host, at, hosts),
)

/** The new etcd has a leader of the database, and its settings: only then may the others lead again. */
export const leads = part(({ host, chosen }) => {
  if (host.name !== chosen.name) return []
  const { url } = patroniOf(host)
  return [
    check(
      `${host.name} leads on the new etcd`,
      sh`[ "$(curl -K /etc/provision/tls/curl.conf -o /dev/null -w '%{http_code}' ${`${url}/leader`})" = 200 ] && curl -fK /etc/provision/tls/curl.conf ${`${url}/cluster`} | jq -e --arg name ${host.name} 'any(.members[]; .role == "leader" and .name == $name)' >/dev/null || { echo ${`${host.name} has not taken the key yet`}; exit 1; }`
        .text,
      { withinSeconds: 120 },
    ),
    // Patroni writes it from what it has kept, when it has found that the key is gone.
    check(
      "Patroni's settings are in etcd again",
      sh`curl -fK /etc/provision/tls/curl.conf ${`${url}/config`} | jq -e .ttl >/dev/null || { echo 'there is no configuration in etcd'; exit 1; }`
        .text,
      { withinSeconds: 60 },
    ),
  ]
})

function lost(hosts: readonly Seen[]) {
  const isUnfinished = hosts.some((h) => h.facts.barred)
  const words: Readonly<Record<EtcdMemory, string>> = {
    known: 'knows the cluster',
    empty: 'is empty',
    silent: 'has no quorum',
  }
  return precondition('etcd is lost', {
    needs: 'no member of etcd with a quorum that knows the cluster',
    found: {
      holds: isLost(hosts) || isUnfinished,
      measured: hosts.map((h) => `${h.name} ${words[h.facts.memory]}`).join(', '),
    },
    next: 'etcd is there: nothing is to be founded anew. A member that is missing comes back by provision, or by provision replace HOST',
  })
}

function oneDatabase(hosts: readonly Seen[]) {
  const ids = new Set(hosts.flatMap((h) => h.facts.identity ?? []))
  const said = hosts.map((h) => `${h.name} ${h.facts.identity ?? 'no data'}`)
  return precondition('one database', {
    needs: 'data of PostgreSQL, with the same system identifier wherever there is any',
    found: { holds: ids.size === 1, measured: said.join(', ') },
    next: 'find out which host has the right data; take the other away (provision rollback postgres --destroy-data knows no single host: move /var/lib/pg/data/main aside by hand)',
  })
}

function oneLeader(hosts: readonly Seen[], chosen: Seen) {
  const running = primaries(hosts).map((h) => h.name)
  const unknown = hosts.filter(({ facts }) => facts.identity !== undefined && !facts.own?.position)
  const said = hosts.map((h) => `${h.name} ${positionText(h.facts.own?.position)}`).join('; ')
  const holds = running.length === 1 || (running.length === 0 && unknown.length === 0)
  return precondition('one that may lead', {
    needs: 'one primary that runs; or none, and every member says how far its WAL goes',
    found: {
      holds,
      measured: `primaries: ${running.join(', ') || 'none'}; ${said}; ${holds ? `${chosen.name} is to lead` : 'nobody can be chosen'}`,
    },
    next:
      running.length > 1
        ? 'two primaries are two histories: stop the wrong one (docker service rm postgres-HOST) and run again'
        : `start PostgreSQL there first: ${unknown.map((h) => h.name).join(', ')} (provision-breakglass start postgres, on the host)`,
  })
}

function swarmAnswers({ name }: Host) {
  return precondition(`swarm on ${name}`, {
    needs: `the manager of the swarm on ${name} has a quorum`,
    measure: aliveBy(swarmLook),
    next: 'etcd runs as a service of the swarm: provision status says what is wrong with it; mend that first',
  })
}

/** Asked of all: a host may be no member itself. */
const anyMemory = (hosts: readonly Seen[]) => etcdMemoryAt(hosts.map((h) => h.address))

const path = '/etc/provision/postgres/patroni.yml'

/** `nofailover` in Patroni's file; the role postgres writes the file as it was when all is over. */
function bar(host: Seen, chosen: Seen, hosts: readonly Seen[]) {
  const why = primaries([chosen]).length > 0 ? 'the primary' : positionText(chosen.facts.own?.position)
  return command(`only ${chosen.name} may lead (${why})`, {
    run: told(host, sh`sed 's/^tags:$/tags:\n  nofailover: true/' ${path}`, true),
    onlyIf: sh`[ -e ${path} ] && ! ${isBarred} && [ "$(${anyMemory(hosts)})" != known ]`.text,
  })
}

/** An earlier try that has died may have barred the one that is chosen now. */
function free(host: Seen) {
  return command(`${host.name} may lead`, {
    run: told(host, sh`sed '/^  nofailover: true$/d' ${path}`, false),
    onlyIf: isBarred.text,
  })
}

/** Patroni's file as `edit` prints it, taken over by a HUP. Waits until a Patroni that answers knows it. */
function told(host: Seen, edit: Script, mayNot: boolean): string {
  const { url, via } = patroniOf(host)
  const knows = mayNot
    ? raw('*\'"nofailover": true\'*) break ;;')
    : raw('*\'"nofailover": true\'*) ;; *) break ;;')
  return sh`set -e
${edit} >${path}.new
${mayNot ? raw('') : raw('! ')}grep -q '^  nofailover: true' ${path}.new
chmod --reference=${path} ${path}.new; mv -f ${path}.new ${path}
${containerOf(via)} | xargs -r docker kill -s HUP >/dev/null
end=$(($(date +%s) + 60)); while said=$(curl -K /etc/provision/tls/curl.conf ${`${url}/patroni`}); do
  case $said in ${knows} esac
  [ "$(date +%s)" -lt "$end" ] || { echo 'Patroni answers, and has not taken its file over after 60 s' >&2; exit 1; }
  sleep 0.5
done`.text
}

/** Moved, never deleted: it may be all that anybody ever finds of what was in it. */
function setAside(host: Seen, at: string, hosts: readonly Seen[]) {
  const service = `etcd-${host.name}`
  const to = `/var/lib/etcd-lost-${at}`
  return command(`set what is left of etcd's data aside, in ${to}`, {
    // Killed, not stopped: an etcd without a quorum that stops in order answers what hangs with an error that Patroni takes
    // for a lost lock ("failed to update leader lock"), and the primary steps down. A broken connection is none.
    run: sh`${containerOf(service)} | xargs -r docker kill -s KILL >/dev/null 2>&1
${serviceGone(service, 60)}
docker ps -q --filter name=breakglass-etcd | grep -q . && { echo 'etcd runs outside the swarm: provision-breakglass stop etcd' >&2; exit 1; }
mkdir -p -m 0700 ${to} && mv /var/lib/etcd/member ${`${to}/member`} && sync -f ${to}`.text,
    onlyIf: sh`[ "$(${etcdMadeScript})" = ${host.facts.made} ] && [ "$(${anyMemory(hosts)})" != known ]`.text,
    risk: ['data', 'quorum'],
  })
}
