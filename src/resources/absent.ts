import type { Resource } from '../model/resource.ts'
import { file } from './file.ts'
import { group } from './group.ts'
import { service } from './service.ts'
import { noSwarmSecret, noSwarmService } from './swarm-absent.ts'
import { user } from './user.ts'

/**
 * How to take away what was once managed: only what we alone made. A package may serve others, a directory may hold their
 * files, a unit that is not named after us may be a package's. In the order in which it goes: what runs before its
 * secrets, its files and its user.
 */
const takers: Readonly<Record<string, (name: string) => Resource | undefined>> = {
  'swarm-service': (name) => noSwarmService(name),
  service: (name) =>
    name.startsWith('provision-') ? service(name, { enabled: false, running: false }) : undefined,
  'swarm-secret': (name) => noSwarmSecret(name),
  file: (path) => file(path, { ensure: 'absent' }),
  user: (name) => user(name, { ensure: 'absent' }),
  group: (name) => group(name, { ensure: 'absent' }),
}

/** Kinds whose things are not one host's, but the swarm's. */
const shared = new Set(['swarm-service', 'swarm-secret'])

/**
 * The resources that take away what ids like `file[/etc/x]` once managed, by these ids; what can only be forgotten is not
 * among them, nor what other hosts share and ask for (`elsewhere`).
 */
export function absentOf(
  ids: readonly string[],
  elsewhere: ReadonlySet<string> = new Set(),
): ReadonlyMap<string, Resource> {
  const parted = ids.map((id) => [id, /^([\w-]+)\[(.*)\]$/s.exec(id)] as const)
  return new Map(
    Object.entries(takers).flatMap(([kind, take]) =>
      parted.flatMap(([id, parts]) => {
        if (parts?.[1] !== kind || (shared.has(kind) && elsewhere.has(id))) return []
        const resource = take(parts[2] ?? '')
        return resource ? [[id, resource] as const] : []
      }),
    ),
  )
}
