import {
  directory,
  type EtcdMemory,
  etcdEarlierSelf,
  etcdMember,
  etcdMemory,
  etcdSeat,
  etcdVoter,
  file,
  type Host,
  noEtcdMember,
  noSwarmService,
  type Port,
  postgresBarred,
  postgresIdentity,
  precondition,
  role,
  sh,
  swarmService,
  t,
  template,
} from 'provision'
import cluster from './cluster.ts'
import etcdLost, { isLost } from './etcd-lost.ts'
import { newcomerVars } from './newcomer.ts'
import { imageFacts, imageSet, imageVars } from './sheets/images.ts'
import { etcdDataAside } from './sheets/leaving.ts'
import { tls } from './sheets/secrets.ts'
import { etcdService } from './sheets/services.ts'
import { oneshot, timer } from './sheets/timers.ts'
import { clientUrls, hasVote, votersOf } from './sheets/voters.ts'

/** What it listens on. */
export const ports: readonly Port[] = [
  {
    from: ['peers'],
    protocol: 'tcp',
    ports: [2379, 2380],
    reason: 'etcd clients and members',
    // Without a certificate the TLS handshake fails; a member that asks for none answers with its state.
    control: { port: 2379, method: 'POST', path: '/v3/maintenance/status', body: '{}', taken: 200 },
  },
]

const vars = t.Object({
  heartbeatMs: t.Integer({ default: 100, description: 'About the round trip between the hosts.' }),
  electionMs: t.Integer({ default: 1000, description: 'At least ten round trips, the same on all hosts.' }),
  snapshotsKept: t.Integer({ default: 48, description: 'Hourly snapshots that stay on each host.' }),
  quotaBytes: t.Integer({ default: 2147483648, description: 'Largest size of the database.' }),
})

const view = t.Object({
  ...vars.properties,
  name: t.String(),
  address: t.String(),
  bootstrap: t.String(),
})

const configuration = template('etcd/etcd.yml.hbs', view)

/** etcd: what Patroni keeps its leader key in. One member a host, spoken to only with certificates. */
export default role({
  name: 'etcd',
  vars,
  facts: {
    ...imageFacts,
    seat: etcdSeat,
    memory: etcdMemory,
    identity: postgresIdentity,
    barred: postgresBarred,
  },
  shared: { cluster, images: imageVars, newcomer: newcomerVars, lost: etcdLost },
  secrets: { tls },
  resources({ vars, facts, shared, secrets, host, hosts }) {
    const { newcomer } = shared
    const { at } = shared.lost
    // `provision dr etcd-lost` sets all data aside that is left: then no host has any.
    const isAnew = at !== undefined && isLost(hosts)
    const voters = votersOf(hosts, shared.cluster)
    // What a machine that is wiped first has of etcd is none.
    const hasData = (h: (typeof hosts)[number]) =>
      h.facts.seat.hasData && !isAnew && !(newcomer.wipe && newcomer.host === h.name)
    // Those that have data are the cluster; who has none joins them, or they all found one.
    const members = voters.filter((h) => hasData(h) && h.name !== host.name)
    const through = clientUrls(members)
    const whole = at === undefined && host.name === hosts[0]?.name && notUnder(hosts)
    if (!hasVote(host, voters)) return [whole, standbyOnly(host, through, facts.seat.hasData && !isAnew)]
    const own = voters.find((h) => h.name === host.name && hasData(h)) ? facts.seat.bootstrap : undefined
    const blank = voters.filter((h) => !hasData(h) && h.name !== newcomer.host)
    // Another token makes other ids: a member of the old one that turns up later is a stranger.
    const token = isAnew ? `${shared.cluster.scope}-${at}` : shared.cluster.scope
    const config = file('/etc/provision/etcd/etcd.yml', {
      content: configuration({
        ...vars,
        name: host.name,
        address: host.address,
        bootstrap: own ?? bootstrapOf(voters, members.length > 0 ? 'existing' : 'new', token),
      }),
    })
    return [
      whole,
      own !== undefined && blank.map((h) => notForgotten(h)),
      etcdMember(host.name, { peerUrl: `https://${host.address}:2380`, through }),
      directory('/etc/provision/etcd'),
      directory('/var/lib/etcd', { owner: '2379', group: '2379', mode: '0700' }),
      config,
      snapshots(host, hosts, vars.snapshotsKept),
      swarmService(etcdService({ host, images: imageSet(shared.images, hosts), tls: secrets.tls }), {
        restartOn: [config],
        // An etcd that is set aside has nobody left who could miss it.
        interrupts: isAnew ? [] : ['etcd'],
      }),
      etcdVoter(host.name, { url: `https://${host.address}:2379`, through }),
    ]
  },
})

/** A host without a vote. One that had a vote loses it; its data is kept aside. */
function standbyOnly({ name, address }: Host, through: readonly string[], hadVote: boolean) {
  return (
    hadVote && [
      noSwarmService(`etcd-${name}`, { interrupts: ['etcd'] }),
      noEtcdMember(name, { peerUrl: `https://${address}:2380`, through }),
      etcdDataAside(),
    ]
  )
}

/**
 * Every hour a snapshot beside the data, every night room that deleted keys have left is given back: on one member at a
 * time, because a member that does it answers nobody meanwhile. All by etcd's own programs, from its container.
 */
function snapshots(host: Host, hosts: readonly Host[], kept: number) {
  const nth = hosts.findIndex((h) => h.name === host.name)
  const script = file('/usr/local/sbin/provision-etcd', { content: etcdScript(host, kept), mode: '0755' })
  const job = (verb: 'snapshot' | 'defrag', when: string) => {
    const name = `provision-etcd-${verb}`
    return [
      oneshot('etcd', name, `/usr/local/sbin/provision-etcd ${verb}`),
      timer('etcd', name, { OnCalendar: when, AccuracySec: '1min', Persistent: true }),
    ]
  }
  return [
    directory('/var/lib/etcd-snapshots', { owner: '2379', group: '2379', mode: '0700' }),
    script,
    job('snapshot', `*-*-* *:${String(5 + 20 * (nth % 3)).padStart(2, '0')}:00`),
    job('defrag', `*-*-* 0${nth % 9}:40:00`),
  ]
}

function etcdScript({ name, address }: Host, kept: number): string {
  return `#!/bin/sh
# Written by provision (role etcd). etcdctl of this host's member: provision-etcd member list | endpoint status | …
set -eu
id=$(docker ps -q --filter label=com.docker.swarm.service.name=etcd-${name} | grep . || docker ps -q --filter name=breakglass-etcd)
ctl() { docker exec -e ETCDCTL_CACERT=/run/secrets/ca.crt -e ETCDCTL_CERT=/run/secrets/host.crt -e ETCDCTL_KEY=/run/secrets/host.key "$id" etcdctl --endpoints "https://${address}:2379" "$@"; }
case \${1:-} in
  snapshot)
    file=/var/lib/etcd-snapshots/$(date -u +%Y-%m-%dT%H-%M-%SZ).db
    ctl snapshot save "$file" >/dev/null
    ls -1 /var/lib/etcd-snapshots/*.db | head -n -${kept} | xargs -r rm -f -- ;;
  defrag)
    ctl defrag --command-timeout=60s
    # One that had reached its quota takes writes again only when it is told. If there is no room, it says so again.
    ! ctl alarm list | grep -q NOSPACE || ctl alarm disarm >/dev/null ;;
  *) ctl "$@" ;;
esac
`
}

/** What etcd reads while it has no data: the members that found it, or those that a new one finds. */
function bootstrapOf(hosts: readonly Host[], state: 'new' | 'existing', token: string): string {
  const members = hosts.map((h) => `${h.name}=https://${h.address}:2380`).join(',')
  return `initial-cluster: ${members}\ninitial-cluster-state: ${state}\ninitial-cluster-token: ${token}`
}

/**
 * A host without data that the others know as a member is a new machine, or one that has lost its disk: it must not come
 * back under its old entry. Asked on a member, by its own data, so also without a quorum.
 */
function notForgotten({ name, address }: Host) {
  return precondition(`etcd's member ${name}`, {
    needs: `${name} has its data, or was never a member`,
    measure: sh`id=$(curl -fK /etc/provision/tls/curl.conf -d '{}' https://127.0.0.1:2379/v3/cluster/member/list | ${etcdEarlierSelf(name, `https://${address}:2380`)}); [ -z "$id" ] || { echo ${`${name} is blank, and was a member`}; exit 1; }`,
    next: `a machine in the place of the old one: provision replace ${name}; where etcd has no quorum any more: provision dr etcd-lost`,
  })
}

/**
 * A new etcd under a database that has its data is nothing that a run may make by the way: in an empty one whoever comes
 * first leads, and that may be a standby that lacks commits.
 */
function notUnder(
  hosts: readonly (Host & {
    readonly facts: {
      readonly seat: { readonly hasData: boolean }
      readonly memory: EtcdMemory
      readonly identity: string | undefined
      readonly barred: boolean
    }
  })[],
) {
  const names = (list: typeof hosts) => list.map((h) => h.name).join(', ')
  const databases = hosts.filter((h) => h.facts.identity !== undefined)
  const isEmpty = isLost(hosts) && hosts.some((h) => h.facts.memory === 'empty')
  const isWrong = databases.length > 0 && (isEmpty || hosts.every((h) => !h.facts.seat.hasData))
  const barred = hosts.filter((h) => h.facts.barred)
  const lost = `${isEmpty ? 'etcd is empty' : 'no host has data of etcd'}, and PostgreSQL has its data on ${names(databases)}`
  return precondition('etcd and the database belong together', {
    needs: 'an etcd that knows the cluster, or no data of PostgreSQL on any host',
    found: {
      holds: !isWrong && barred.length === 0,
      measured: isWrong
        ? lost
        : barred.length > 0
          ? `provision dr etcd-lost did not come to its end: ${names(barred)} may not lead yet`
          : 'so it is',
    },
    next: 'a new etcd under the database, led by the right member: provision dr etcd-lost',
  })
}
