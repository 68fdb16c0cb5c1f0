import { engineGet, enginePost } from '../docker/api.ts'
import { lines, raw, type Script, sh } from '../shell/sh.ts'

/**
 * Takes entries out of the swarm, by their ids as words of the shell. A manager counts in the quorum until it is demoted;
 * only then it can be removed. Its entry may be of another version by then, and the swarm in an election: tried again.
 */
export function forgetNodes(ids: Script): Script {
  const demoted = enginePost(
    raw('"/nodes/$id/update?version=$version"'),
    sh`printf %s "$node" | jq -c '.Spec | .Role = "worker"'`,
  )
  return lines([
    sh`forget() {`,
    sh`  node=$(${engineGet(raw('"/nodes/$id"'))}) && version=$(printf %s "$node" | jq .Version.Index) || return 1`,
    sh`  if [ "$(printf %s "$node" | jq -r .Spec.Role)" = manager ]; then ${demoted} || return 1; fi`,
    sh`  curl -sS --fail-with-body --max-time 30 --unix-socket /run/docker.sock -X DELETE "http://docker/nodes/$id?force=1"`,
    sh`}`,
    sh`end=$(($(date +%s) + 90)); for id in ${ids}; do until forget; do [ "$(date +%s)" -lt "$end" ] || { echo "the swarm does not let go of its node $id" >&2; exit 1; }; sleep 1; done; done`,
  ])
}
