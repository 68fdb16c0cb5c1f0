import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { lines, raw, type Script, sh } from '../shell/sh.ts'

interface Wanted {
  readonly name: string
  readonly peerUrl: string
  /** Client URLs of members that have data. None: the cluster is only being founded, by its configuration. */
  readonly through: readonly string[]
}

/**
 * A seat in an etcd that is there already, for a host that has no data of it: its own entry of an earlier life is taken
 * out, then it is let in as a learner, which has no vote until `etcdVoter`. Nothing is done on a host with data, nor
 * while a cluster is being founded.
 *
 * It must come before the configuration: a blank etcd that finds its old entry would take it for its own, and a member
 * that has forgotten its vote can vote twice.
 */
export function etcdMember(name: string, wish: Omit<Wanted, 'name'> & Meta): Resource<Wanted, boolean> {
  const { peerUrl, through, ...meta } = wish
  return resource(seats, name, { name, peerUrl, through }, meta)
}

/**
 * Of a list of members on standard input, the ids of those that a host was in an earlier life: by its name or its peer URL.
 * Whoever has published client URLs has run once; an entry without is one that was let in and never came.
 */
export function etcdEarlierSelf(name: string, peerUrl: string): Script {
  return sh`jq -r --arg name ${name} --arg url ${peerUrl} '.members[] | select((.name == $name or (.peerURLs | index($url))) and ((.clientURLs // []) != [])) | .ID'`
}

/** This host's etcd answers with a quorum. Where it is a learner it is promoted as soon as it has caught up. */
export function etcdVoter(
  name: string,
  wish: { readonly url: string; readonly through: readonly string[] } & Meta,
): Resource<Voter, string> {
  const { url, through, ...meta } = wish
  return resource(voters, name, { url, through }, meta)
}

interface Voter {
  readonly url: string
  readonly through: readonly string[]
}

const client = 'curl -fK /etc/provision/tls/curl.conf'

/** Asks the first member that answers; the shell function `members VERB JSON`. */
export function asking(through: readonly string[]): Script {
  return sh`members() { for via in ${through}; do ${raw(client)} -d "$2" "$via/v3/cluster/member/$1" && return; done; return 1; }`
}

/** `/health` is a read through the leader: a member that answers it has a quorum. A learner answers it, too. */
function asked(url: string): Script {
  return sh`${raw(client)} ${`${url}/health`} --next -fK /etc/provision/tls/curl.conf -d '{}' ${`${url}/v3/maintenance/status`}`
}

const verdict = sh`case $said in *'"isLearner":true'*) echo 'a learner, without a vote' ;; *'"health":"true"'*) echo healthy ;; *) printf '%s\n' "\${said:-no answer}" ;; esac`

const seats: Kind<Wanted, boolean> = {
  name: 'etcd-member',
  timeoutSeconds: 120,
  probe: (wanted) => ({
    script: sh`if [ -d /var/lib/etcd/member ]; then echo data; else echo none; fi`,
    parse: ({ stdout }) => wanted.map(() => stdout.trim() === 'data'),
  }),
  plan: ({ through }, hasData) =>
    hasData || through.length === 0
      ? []
      : [{ attribute: 'seat', from: 'blank', to: 'a learner; its entry of an earlier life is removed' }],
  apply: (planned) =>
    lines(
      planned.map(({ desired: { name, peerUrl, through } }) =>
        lines([
          sh`set -e`,
          asking(through),
          sh`list=$(members list '{}') || { echo ${`no member of etcd answers: ${through.join(', ')}`} >&2; exit 1; }`,
          sh`printf %s "$list" | ${etcdEarlierSelf(name, peerUrl)} | while read -r id; do members remove "{\"ID\":\"$id\"}" >/dev/null || { echo "etcd does not let go of its member $id: have the others a quorum?" >&2; exit 1; }; done`,
          // etcd wants its members to have been connected for five seconds before it takes another one.
          sh`end=$(($(date +%s) + 60)); until list=$(members list '{}') && printf %s "$list" | jq -e --arg url ${peerUrl} 'any(.members[]; .peerURLs | index($url))' >/dev/null || members add ${JSON.stringify({ peerURLs: [peerUrl], isLearner: true })} >/dev/null; do [ "$(date +%s)" -lt "$end" ] || { echo 'etcd takes no new member: is one of the others sick, or a learner there already?' >&2; exit 1; }; sleep 1; done`,
        ]),
      ),
    ),
  risks: () => ['quorum'],
}

const voters: Kind<Voter, string> = {
  name: 'etcd-voter',
  timeoutSeconds: 200,
  probe: (wanted) => ({
    script: lines(wanted.map(({ url }) => sh`said=$(${asked(url)} 2>/dev/null); ${verdict}`)),
    parse: ({ stdout }) => wanted.map((_, i) => stdout.split('\n')[i] ?? ''),
  }),
  plan: (_, seen) => (seen === 'healthy' ? [] : [{ attribute: 'vote', from: seen, to: 'healthy' }]),
  apply: (planned) =>
    lines(
      planned.map(({ desired: { url, through } }) =>
        lines([
          asking(through),
          sh`end=$(($(date +%s) + 180)); until said=$(${asked(url)}); [ "$(${verdict})" = healthy ]; do`,
          sh`  [ "$(date +%s)" -lt "$end" ] || { echo 'this member of etcd has no quorum after 180 s' >&2; docker ps -aq --filter name=etcd- | head -n 1 | xargs -r docker logs --tail 10 >&2 2>&1; exit 1; }`,
          // Refused until it has caught up.
          sh`  id=$(${raw(client)} -d '{}' ${`${url}/v3/maintenance/status`} | jq -r 'select(.isLearner) | .header.member_id'); [ -z "$id" ] || members promote "{\"ID\":\"$id\"}" >/dev/null 2>&1 || :`,
          sh`  sleep 0.5`,
          sh`done`,
        ]),
      ),
    ),
}
