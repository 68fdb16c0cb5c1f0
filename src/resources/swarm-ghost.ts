import { enginePost } from '../docker/api.ts'
import { enginePage, type SwarmNode, swarmNodes } from '../docker/pages.ts'
import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { lines, raw, sh } from '../shell/sh.ts'

/**
 * No dead entry of a host in the swarm that this manager belongs to: for one whose machine is gone. It is demoted first, since
 * a manager that is only removed goes on counting in the quorum.
 */
export function noSwarmGhost(hostname: string, meta: Meta = {}): Resource<string, readonly string[]> {
  return resource(kind, hostname, hostname, meta)
}

const kind: Kind<string, readonly string[]> = {
  name: 'no-swarm-ghost',
  timeoutSeconds: 120,
  probe: (wanted) => ({
    script: sh`:`,
    gets: [enginePage('/nodes')],
    parse: (_, [nodes]) =>
      wanted.map((name) =>
        swarmNodes(nodes)
          .filter((node) => node.Description?.Hostname === name && isGone(node))
          .map((node) => node.ID),
      ),
  }),
  plan: (_, ids) => (ids.length > 0 ? [{ attribute: 'node', from: ids.join(', '), to: 'removed' }] : []),
  apply: (planned) => forgetNodes(planned.flatMap(({ actual }) => actual)),
  risks: () => ['quorum'],
}

/** A node that was only just lost may still look alive: then it is removed when the new one has joined (`swarmManager`). */
function isGone({ Status, ManagerStatus }: SwarmNode): boolean {
  return (
    Status?.State !== 'ready' || (ManagerStatus !== undefined && ManagerStatus.Reachability !== 'reachable')
  )
}

/** Demotes and removes entries of the swarm by their ids; a version may have moved on meanwhile, so it is tried again. */
function forgetNodes(ids: readonly string[]) {
  return lines([
    sh`end=$(($(date +%s) + 90))`,
    sh`for id in ${ids}; do`,
    sh`  until node=$(curl -s --max-time 10 --unix-socket /run/docker.sock "http://docker/nodes/$id") && case $node in *'"message"'*) false ;; esac && { [ "$(printf %s "$node" | jq -r .Spec.Role)" != manager ] || { version=$(printf %s "$node" | jq .Version.Index) && ${enginePost(raw('"/nodes/$id/update?version=$version"'), sh`printf %s "$node" | jq -c '.Spec | .Role = "worker"'`)}; }; } && curl -sS --fail-with-body --max-time 30 --unix-socket /run/docker.sock -X DELETE "http://docker/nodes/$id?force=1"; do [ "$(date +%s)" -lt "$end" ] || { echo "the swarm does not let go of its node $id" >&2; exit 1; }; sleep 1; done`,
    sh`done`,
  ])
}
