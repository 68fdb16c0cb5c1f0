import { enginePage, type SwarmNode, swarmNodes } from '../docker/pages.ts'
import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { sh } from '../shell/sh.ts'
import { forgetNodes } from './swarm-forget.ts'

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
  apply: (planned) => forgetNodes(sh`${planned.flatMap(({ actual }) => actual)}`),
  risks: () => ['quorum'],
}

/** A node that was only just lost may still look alive: then it is removed when the new one has joined (`swarmManager`). */
function isGone({ Status, ManagerStatus }: SwarmNode): boolean {
  return (
    Status?.State !== 'ready' || (ManagerStatus !== undefined && ManagerStatus.Reachability !== 'reachable')
  )
}
