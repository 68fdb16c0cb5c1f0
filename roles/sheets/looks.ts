import { type Host, leftFile, type PatroniCluster, patroniPage, patroniRequest, raw, sh } from 'provision'
import { patroniOf } from './members.ts'

const own = 'curl -fK /etc/provision/tls/curl.conf'

/** How a host's member of each quorum is looked at: `alive leader 3`. Scripts for `quorum`. */
export const swarmLook =
  sh`curl -s --max-time 10 --unix-socket /run/docker.sock http://docker/info http://docker/nodes | jq -rn '((try input catch {}) | .Swarm // {}) as $i | (try input catch {}) as $n
| if ($i.LocalNodeState // "inactive") == "inactive" then "absent"
  elif ($i.ControlAvailable | not) or ($n | type) != "array" then "down"
  else [$n[] | select(.ManagerStatus)] as $m
  | "alive \(if any($m[]; .ID == $i.NodeID and .ManagerStatus.Leader) then "leader" else "member" end) \($m | length)" end'`
    .text

export const etcdLook = `[ -d /var/lib/etcd/member ] || { echo absent; exit; }
${own} -d '{}' https://127.0.0.1:2379/v3/maintenance/status https://127.0.0.1:2379/v3/cluster/member/list | jq -rn '(try input catch {}) as $s | (try input catch {}) as $m | if ($s.leader // "0") == "0" or $s.isLearner then "down" else "alive \\(if $s.leader == $s.header.member_id then "leader" else "member" end) \\([$m.members[] | select(.isLearner | not)] | length)" end'`

/**
 * A standby counts as alive when it streams, and, where commits wait for a quorum, when it is one of those that they
 * wait for: only then the primary may hand over without a commit being held up. Patroni lets it in up to loop_wait later.
 * For one that is drained they never wait.
 */
export function postgresLook(host: Host): string {
  return askMember(host, '$own')
}

/**
 * This member is alive, one member leads, and all take part. What the others say of themselves may be as old as their keys
 * in etcd (ttl): each host vouches for its own member. One question for both: Patroni answers slowly.
 */
export function postgresHealthy(host: Host, members: number): string {
  const count = `([$c.members[]? | select(.state == "streaming" or (.role == "leader" and .state == "running"))]
  | "\\(map(select(.role == "leader")) | length) \\(length)")`
  return `said=$(${askMember(host, `"\\($own)|\\(${count})"`)}); own=\${said%%|*}; n=\${said#*|}
case $own in alive*) ;; *) echo "this member: $own"; exit 1 ;; esac
[ "$n" = '1 ${members}' ] || { echo "leaders and healthy members: \${n:-no answer}"; exit 1; }`
}

/** Is a member being copied, or restored? Its state is Patroni's: `creating replica`, `running custom bootstrap script`, … */
export function postgresBusy(host: Host): string {
  const { url } = patroniOf(host)
  return sh`curl -K /etc/provision/tls/curl.conf ${`${url}/cluster`} | jq -e 'any(.members[]?; .state | test("creating replica|bootstrap"))'`
    .text
}

/** The same judgement, from pages that are asked for anyway. */
export function postgresPages(host: Host, members: number) {
  const { name } = host
  const { url } = patroniOf(host)
  return {
    gets: ['/patroni', '/cluster', '/config'].map((path) => patroniPage(`${url}${path}`)),
    wrong(bodies: readonly (string | undefined)[]): string | undefined {
      const [own, cluster, config] = bodies.map((body) => JSON.parse(body ?? '{}')) as [
        { readonly state?: string; readonly role?: string; readonly replication_state?: string },
        Partial<PatroniCluster>,
        { readonly synchronous_mode?: string },
      ]
      const all = cluster.members ?? []
      const member = all.find((m) => m.name === name)
      const isWaitedFor = member?.role === 'quorum_standby' || member?.tags?.nofailover
      const counts = config.synchronous_mode !== 'quorum' || isWaitedFor
      const isAlive =
        own.state === 'running' &&
        (own.role === 'primary' || (own.replication_state === 'streaming' && counts))
      if (!isAlive) return 'this member: down'
      const healthy = all.filter(
        (m) => m.state === 'streaming' || (m.role === 'leader' && m.state === 'running'),
      )
      const said = `${healthy.filter((m) => m.role === 'leader').length} ${healthy.length}`
      return said === `1 ${members}` ? undefined : `leaders and healthy members: ${said}`
    },
  }
}

/** What a member's Patroni says, as the jq expression `answer` puts it; `absent` and `down` where it says nothing. */
function askMember(host: Host, answer: string): string {
  const { name } = host
  const { url } = patroniOf(host)
  const judge = `input as $s | input as $c | input as $f
| (first($c.members[]? | select(.name == "${name}")) // {}) as $m
| ($f.synchronous_mode != "quorum" or $m.role == "quorum_standby" or $m.tags.nofailover == true) as $counts
| (if $s.state == "running" and $s.role == "primary" then "alive leader \\($c.members | length)"
  elif $s.state == "running" and $s.replication_state == "streaming" and $counts then "alive member \\($c.members | length)"
  else "down" end) as $own
| ${answer}`
  return `[ -d /var/lib/pg/data/main ] && [ ! -e ${leftFile} ] || { echo absent; exit; }
curl -K /etc/provision/tls/curl.conf ${url}/patroni ${url}/cluster ${url}/config | jq -rn '${judge}' || echo down`
}

/** PgBouncer and HAProxy have no leader; that a second one is not restarted with the first is all that counts. */
export function listenerLook(service: string, port: number): string {
  const filters = encodeURIComponent(JSON.stringify({ label: [`com.docker.swarm.service.name=${service}`] }))
  return `[ -n "$(ss -Hltn "sport = :${port}")" ] && { echo 'alive member 0'; exit; }
curl -s --max-time 10 --unix-socket /run/docker.sock 'http://docker/containers/json?all=1&filters=${filters}' | grep -q '"Id"' && echo down || echo absent`
}

/** Gives etcd's lead to another voter that answers. */
export const etcdHandover = sh`${raw(own)} -d '{}' https://127.0.0.1:2379/v3/cluster/member/list | jq -r '.members[] | select(.isLearner != true) | "\(.ID) \(.clientURLs[0])"' | while read -r id url; do
  [ "$(${raw(own)} -d '{}' https://127.0.0.1:2379/v3/maintenance/status | jq -r '.leader == .header.member_id')" = true ] || break
  ${raw(own)} -o /dev/null "$url/health" && ${raw(own)} -o /dev/null -d "{\"targetID\":\"$id\"}" https://127.0.0.1:2379/v3/maintenance/transfer-leadership || :
done`

/** A switchover to the best standby; done when this host is a standby itself. */
export function postgresHandover(host: Host) {
  const { url, via } = patroniOf(host)
  const request = patroniRequest(via, 'POST', `${url}/switchover`, JSON.stringify({ leader: host.name }), 60)
  return sh`a=$(${request}); case $a in *200|*202) ;; *) printf '%s\n' "$a" >&2; exit 1 ;; esac
end=$(($(date +%s) + 60)); until curl -K /etc/provision/tls/curl.conf -fo /dev/null ${`${url}/replica`}; do [ "$(date +%s)" -lt "$end" ] || { echo 'it is no standby after 60 s' >&2; exit 1; }; sleep 0.5; done`
}
