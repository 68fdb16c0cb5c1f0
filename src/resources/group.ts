import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { lines, sh } from '../shell/sh.ts'
import { accountFiles, accountsIn } from './accounts.ts'
import { probeTexts, type Reads, type Texts } from './read-texts.ts'

interface Wanted extends Reads {
  readonly name: string
  readonly gid?: number | undefined
  readonly system: boolean
  readonly absent: boolean
}

/** A group of the host. */
export function group(
  name: string,
  options: Meta & {
    readonly gid?: number
    readonly system?: boolean
    readonly ensure?: 'present' | 'absent'
  } = {},
): Resource<Wanted, Texts> {
  const { gid, system = false, ensure } = options
  return resource(
    kind,
    name,
    { reads: accountFiles, name, gid, system, absent: ensure === 'absent' },
    options,
  )
}

const kind: Kind<Wanted, Texts> = {
  name: 'group',
  probe: probeTexts,
  plan({ name, gid, absent }, texts) {
    const found = accountsIn(texts).groups.get(name)
    if (absent) return found === undefined ? [] : [{ attribute: 'group', from: 'present', to: 'absent' }]
    if (found === undefined) return [{ attribute: 'group', from: 'absent', to: 'present' }]
    return gid === undefined || gid === found ? [] : [{ attribute: 'gid', from: found, to: gid }]
  },
  apply: (planned) =>
    lines([
      sh`set -e`,
      ...planned.map(({ desired: { name, gid, system, absent }, actual }) => {
        const number = gid === undefined ? [] : ['--gid', gid]
        if (absent) return sh`groupdel -- ${name}`
        if (accountsIn(actual).groups.has(name)) return sh`groupmod ${number} -- ${name}`
        return sh`groupadd ${system ? ['--system'] : []} ${number} -- ${name}`
      }),
    ]),
}
