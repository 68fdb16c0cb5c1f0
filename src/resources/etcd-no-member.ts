import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { lines, sh } from '../shell/sh.ts'
import { asking } from './etcd-member.ts'

interface Wanted {
  readonly name: string
  readonly peerUrl: string
  readonly through: readonly string[]
}

/**
 * A host is no member of etcd, whatever it runs: taken out through the others (their client URLs). Whoever is gone for
 * good must be taken out, because etcd counts it in the quorum until then.
 */
export function noEtcdMember(
  name: string,
  wish: { readonly peerUrl: string; readonly through: readonly string[] } & Meta,
): Resource<Wanted, readonly string[]> {
  const { peerUrl, through, ...meta } = wish
  return resource(kind, name, { name, peerUrl, through }, meta)
}

const kind: Kind<Wanted, readonly string[]> = {
  name: 'no-etcd-member',
  timeoutSeconds: 120,
  probe: (wanted) => ({
    isolated: true,
    script: lines(
      wanted.map(({ name, peerUrl, through }) =>
        lines([asking(through), sh`members list '{}' | ${ids(name, peerUrl)}; echo --`]),
      ),
    ),
    parse({ stdout }) {
      const parts = stdout.split(/^--$/m)
      return wanted.map((_, i) => (parts[i] ?? '').split('\n').filter(Boolean))
    },
  }),
  plan: (_, found) =>
    found.length > 0 ? [{ attribute: 'member', from: found.join(', '), to: 'removed' }] : [],
  apply: (planned) =>
    lines(
      planned.map(({ desired: { name, peerUrl, through } }) =>
        lines([
          asking(through),
          // The others want to have been connected for some seconds before one of them may go.
          sh`end=$(($(date +%s) + 60)); while left=$(members list '{}' | ${ids(name, peerUrl)}) && [ -n "$left" ]; do for id in $left; do members remove "{\"ID\":\"$id\"}" >/dev/null || :; done; [ "$(date +%s)" -lt "$end" ] || { echo "etcd does not let go of its member $left: have the others a quorum?" >&2; exit 1; }; sleep 1; done`,
        ]),
      ),
    ),
  risks: () => ['quorum'],
}

/** Of a list of members on standard input, the ids of those that are this host: by name, or, never started, by peer URL. */
function ids(name: string, peerUrl: string) {
  return sh`jq -r --arg name ${name} --arg url ${peerUrl} '.members[] | select(.name == $name or (.peerURLs | index($url))) | .ID'`
}
