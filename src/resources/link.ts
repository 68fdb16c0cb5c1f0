import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { lines, sh } from '../shell/sh.ts'
import { checkPath, type Entry, probePaths } from './files-look.ts'

interface Wanted {
  readonly path: string
  readonly to: string
}

/** A symbolic link. Only another link is replaced: a file or directory in the way is an error, not a loss. */
export function link(path: string, options: Meta & { readonly to: string }): Resource<Wanted, Entry> {
  checkPath(`link[${path}]`, path)
  return resource(kind, path, { path, to: options.to }, options)
}

const kind: Kind<Wanted, Entry> = {
  name: 'link',
  probe: probePaths,
  plan({ to }, found) {
    if (found?.type === 'link' && found.target === to) return []
    const from = found?.type === 'link' ? found.target : (found?.type ?? 'absent')
    return [{ attribute: 'target', from, to }]
  },
  apply: (planned) =>
    lines([
      sh`set -e`,
      ...planned.map(
        ({
          desired: { path, to },
        }) => sh`if [ -e ${path} ] && [ ! -L ${path} ]; then echo ${`${path} is there and is no link`} >&2; exit 1; fi
ln -sfn -- ${to} ${`${path}.provision`}; mv -fT -- ${`${path}.provision`} ${path}`,
      ),
    ]),
}
