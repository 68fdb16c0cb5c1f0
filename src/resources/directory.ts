import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { lines, sh } from '../shell/sh.ts'
import { type Access, type AccessOptions, accessOf, checkPath, type Entry, probePaths } from './files-look.ts'

interface Wanted extends Access {
  readonly path: string
}

/** A directory with its owner and mode; parents that are missing are made with 0755. Its content is left alone. */
export function directory(path: string, options: Meta & AccessOptions = {}): Resource<Wanted, Entry> {
  const id = `directory[${path}]`
  checkPath(id, path)
  return resource(
    kind,
    path,
    { path, ...accessOf(id, { ...options, mode: options.mode ?? '0755' }) },
    options,
  )
}

const kind: Kind<Wanted, Entry> = {
  name: 'directory',
  probe: probePaths,
  plan(wanted, found) {
    if (found?.type !== 'directory')
      return [{ attribute: 'directory', from: found?.type ?? 'absent', to: 'present' }]
    return (['mode', 'owner', 'group'] as const)
      .filter((key) => found[key] !== wanted[key])
      .map((key) => ({ attribute: key, from: found[key], to: wanted[key] }))
  },
  // A file in the way is not removed: mkdir fails and says so.
  apply: (planned) =>
    lines([
      sh`set -e; umask 022`,
      ...planned.map(
        ({ desired: d }) =>
          sh`mkdir -p -- ${d.path}; chown -- ${`${d.owner}:${d.group}`} ${d.path}; chmod -- ${d.mode} ${d.path}`,
      ),
    ]),
}
