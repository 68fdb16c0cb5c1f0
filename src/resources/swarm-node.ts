import { engineGet, enginePost } from '../docker/api.ts'
import { enginePage, swarmInfo, swarmNodes } from '../docker/pages.ts'
import type { Change, Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { lines, raw, sh } from '../shell/sh.ts'

interface Wanted {
  readonly labels: Readonly<Record<string, string>>
  readonly availability: 'active' | 'pause' | 'drain'
}

/** What the host's own node is set to; empty outside a swarm. */
interface Seen {
  readonly labels: Readonly<Record<string, string>>
  readonly availability: string
}

/** Labels and availability of the host's own node in the swarm. Labels of other names are left alone. */
export function swarmNode(options: Meta & Partial<Wanted>): Resource<Wanted, Seen> {
  const { labels = {}, availability = 'active' } = options
  return resource(kind, 'node', { labels, availability }, options)
}

const ownNode = sh`${engineGet('/info')} 2>/dev/null | jq -r .Swarm.NodeID`

const kind: Kind<Wanted, Seen> = {
  name: 'swarm-node',
  probe: (wanted) => ({
    script: sh`:`,
    gets: [enginePage('/info'), enginePage('/nodes')],
    parse(_, [info, nodes]) {
      const spec = swarmNodes(nodes).find((node) => node.ID === swarmInfo(info).nodeId)?.Spec
      return wanted.map(() => ({ labels: spec?.Labels ?? {}, availability: spec?.Availability ?? 'none' }))
    },
  }),
  plan({ labels, availability }, seen) {
    const changes: Change[] = Object.entries(labels)
      .filter(([name, value]) => seen.labels[name] !== value)
      .map(([name, to]) => ({ attribute: `label ${name}`, from: seen.labels[name] ?? 'absent', to }))
    if (seen.availability !== availability)
      changes.push({ attribute: 'availability', from: seen.availability, to: availability })
    return changes
  },
  apply: (planned) =>
    lines(
      planned.map(({ desired: { labels, availability } }) => {
        const edit = `.Spec | .Labels += ${JSON.stringify(labels)} | .Availability = ${JSON.stringify(availability)}`
        return lines([
          sh`set -e; id=$(${ownNode})`,
          sh`node=$(curl -sS --fail-with-body --max-time 10 --unix-socket /run/docker.sock "http://docker/nodes/$id")`,
          sh`version=$(printf %s "$node" | jq .Version.Index)`,
          enginePost(raw('"/nodes/$id/update?version=$version"'), sh`printf %s "$node" | jq -c ${edit}`),
        ])
      }),
    ),
}
