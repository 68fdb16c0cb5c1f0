import { idOf, type Resource } from '../model/resource.ts'
import { file } from './file.ts'
import { group } from './group.ts'
import { user } from './user.ts'

/** How to take away what was once managed: only what we alone made. A package may serve others, a directory may hold their files. */
const takers: Readonly<Record<string, (name: string) => Resource>> = {
  file: (path) => file(path, { ensure: 'absent' }),
  user: (name) => user(name, { ensure: 'absent' }),
  group: (name) => group(name, { ensure: 'absent' }),
}

/** The resource that takes away what `file[/etc/x]` once managed; undefined where it can only be forgotten. */
export function absentOf(id: string): Resource | undefined {
  const [, kind = '', name = ''] = /^(\w+)\[(.*)\]$/s.exec(id) ?? []
  const resource = takers[kind]?.(name)
  return resource && idOf(resource) === id ? resource : undefined
}
