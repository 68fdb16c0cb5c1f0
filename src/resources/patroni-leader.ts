import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { type PatroniCluster, patroniPage, patroniRequest } from '../patroni/api.ts'
import { lines, sh } from '../shell/sh.ts'

interface Wanted {
  readonly url: string
  readonly via: string
  readonly leader: string
  /** ISO 8601 with its zone: Patroni hands over at that moment. Undefined: now. */
  readonly at: string | undefined
}

/** Who leads the cluster: a switchover, in which nothing is lost. With `at` it counts as done when Patroni has it in its diary. */
export function patroniLeader(
  leader: string,
  options: { readonly url: string; readonly via: string; readonly at?: string | undefined } & Meta,
): Resource<Wanted, Seen> {
  const { url, via, at, ...meta } = options
  return resource(kind, 'leader', { url, via, leader, at }, meta)
}

interface Seen {
  readonly leader: string | undefined
  readonly scheduled: PatroniCluster['scheduled_switchover']
}

const seconds = 60

const kind: Kind<Wanted, Seen> = {
  name: 'patroni-leader',
  timeoutSeconds: 2 * seconds,
  probe: (wanted) => ({
    script: sh`:`,
    gets: wanted.map(({ url }) => patroniPage(`${url}/cluster`)),
    parse: (_, pages) =>
      wanted.map((_, i) => {
        const cluster = JSON.parse(pages[i] ?? '{"members":[]}') as PatroniCluster
        return {
          leader: cluster.members.find((m) => m.role === 'leader')?.name,
          scheduled: cluster.scheduled_switchover,
        }
      }),
  }),
  plan({ leader, at }, seen) {
    if (seen.leader === leader) return []
    if (at === undefined) return [{ attribute: 'leader', from: seen.leader ?? 'none', to: leader }]
    const { scheduled } = seen
    return scheduled && Date.parse(scheduled.at) === Date.parse(at) && scheduled.to === leader
      ? []
      : [{ attribute: 'leader', from: seen.leader ?? 'none', to: `${leader} at ${at}` }]
  },
  apply: (planned) =>
    lines(
      planned.map(({ desired: { url, via, leader, at }, actual }) => {
        const body = { leader: actual.leader, candidate: leader, ...(at ? { scheduled_at: at } : {}) }
        return lines([
          sh`a=$(${patroniRequest(via, 'POST', `${url}/switchover`, JSON.stringify(body), seconds)}); case $a in *200|*202) ;; *) printf '%s\n' "$a" >&2; exit 1 ;; esac`,
          // What the members say of each other in etcd is a moment behind.
          at
            ? sh`:`
            : sh`end=$(($(date +%s) + ${seconds})); until curl -K /etc/provision/tls/curl.conf ${`${url}/cluster`} | jq -e --arg to ${leader} 'any(.members[]; .role == "leader" and .name == $to)' >/dev/null; do [ "$(date +%s)" -lt "$end" ] || { echo 'nobody leads yet' >&2; exit 1; }; sleep 0.5; done`,
        ])
      }),
    ),
}
