import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { lines, sh } from '../shell/sh.ts'

interface Wanted {
  readonly name: string
  readonly gid?: number | undefined
  readonly system: boolean
  readonly absent: boolean
}

/** The number of the group; undefined where it is not there. */
type Found = number | undefined

/** A group of the host. */
export function group(
  name: string,
  options: Meta & {
    readonly gid?: number
    readonly system?: boolean
    readonly ensure?: 'present' | 'absent'
  } = {},
): Resource<Wanted, Found> {
  const { gid, system = false, ensure } = options
  return resource(kind, name, { name, gid, system, absent: ensure === 'absent' }, options)
}

const kind: Kind<Wanted, Found> = {
  name: 'group',
  probe: (groups) => ({
    script: sh`getent group ${groups.map((g) => g.name)}`,
    parse({ stdout }) {
      const rows = stdout.split('\n').map((row) => row.split(':'))
      return groups.map(({ name }) => {
        const row = rows.find(([found]) => found === name)
        return row && Number(row[2])
      })
    },
  }),
  plan({ gid, absent }, found) {
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
        if (actual !== undefined) return sh`groupmod ${number} -- ${name}`
        return sh`groupadd ${system ? ['--system'] : []} ${number} -- ${name}`
      }),
    ]),
  absent: (name) => ({ name, absent: true, system: false }),
}
