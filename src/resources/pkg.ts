import { matchesGlob } from 'node:path'
import type { Change, Kind, Planned } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { aptKeeping, aptListsAreOld, aptQuiet, aptUpdate, aptWaiting, dpkgWhole } from '../shell/apt.ts'
import { lines, type Script, sh } from '../shell/sh.ts'

interface Wanted {
  readonly name: string
  readonly absent: boolean
  /** Exact, or with `*`: `5:24.*`. */
  readonly version?: string | undefined
  readonly hold?: boolean | undefined
}

interface Found {
  readonly version: string
  readonly held: boolean
}

export type PkgOptions = Meta & {
  readonly version?: string
  readonly hold?: boolean
  readonly ensure?: 'present' | 'absent'
}

/** A Debian package. (`package` is a reserved word.) Neighbours in a role are installed by one `apt-get`. */
export function pkg(name: string, options: PkgOptions = {}): Resource<Wanted, Found | undefined> {
  const { version, hold, ensure } = options
  return resource(kind, name, { name, absent: ensure === 'absent', version, hold }, options)
}

const kind: Kind<Wanted, Found | undefined> = {
  name: 'pkg',
  // A mirror may be slow, and another apt may hold the lock first.
  timeoutSeconds: 900,
  probe: (wanted) => ({
    script: sh`dpkg-query -W -f='\${Package} \${db:Status-Status} \${db:Status-Want} \${Version}\n' -- ${wanted.map((w) => w.name)} 2>/dev/null`,
    parse({ stdout }) {
      const rows = new Map(stdout.split('\n').map((line) => [line.split(' ')[0], line.split(' ')]))
      return wanted.map(({ name }) => {
        const [, status, want, version = ''] = rows.get(name) ?? []
        return status === 'installed' ? { version, held: want === 'hold' } : undefined
      })
    },
  }),
  plan(wanted, found) {
    if (wanted.absent) return found ? [{ attribute: 'package', from: found.version, to: 'absent' }] : []
    const changes: Change[] = []
    const { version } = wanted
    if (!found) changes.push({ attribute: 'package', from: 'absent', to: version ?? 'present' })
    else if (version !== undefined && !matchesGlob(found.version, version))
      changes.push({ attribute: 'version', from: found.version, to: version })
    if (wanted.hold !== undefined && wanted.hold !== (found?.held ?? false))
      changes.push({ attribute: 'hold', from: found?.held ?? false, to: wanted.hold })
    return changes
  },
  apply(planned) {
    const gone = planned.filter((p) => p.desired.absent).map((p) => p.desired.name)
    const install = planned.filter((p) => p.changes.some((c) => c.attribute !== 'hold') && !p.desired.absent)
    return lines([
      sh`set -e`,
      aptQuiet,
      dpkgWhole,
      install.length > 0 ? installing(install) : sh`:`,
      gone.length > 0 ? sh`apt-get remove -qq -y ${aptWaiting} -- ${gone}` : sh`:`,
      ...marking(planned),
    ])
  },
  risks: (wanted, changes) =>
    changes.some((c) => c.from !== 'absent' && c.attribute !== 'hold') || wanted.absent ? ['restart'] : [],
}

/** The package lists are fetched when they are an hour old, older than a source, or lack what is wanted. */
function installing(planned: readonly Planned<Wanted, Found | undefined>[]): Script {
  const names = planned.map(({ desired: { name, version } }) =>
    version === undefined ? name : `${name}=${version}`,
  )
  const held = planned.some((p) => p.actual?.held) ? ['--allow-change-held-packages'] : []
  const pinned = planned.some((p) => p.desired.version !== undefined) ? ['--allow-downgrades'] : []
  const install = ['install', '-qq', '-y', '--no-install-recommends', ...held, ...pinned, ...aptWaiting]
  return sh`if ${aptListsAreOld(60)} || ! apt-get install --simulate -qq ${pinned} ${held} -- ${names} >/dev/null 2>&1; then ${aptUpdate}; fi
apt-get ${install} ${aptKeeping} -- ${names}`
}

function marking(planned: readonly Planned<Wanted, Found | undefined>[]): readonly Script[] {
  return ([true, false] as const).flatMap((hold) => {
    const names = planned.filter((p) => p.changes.some((c) => c.attribute === 'hold' && c.to === hold))
    return names.length > 0
      ? [sh`apt-mark -qq ${hold ? 'hold' : 'unhold'} ${names.map((p) => p.desired.name)}`]
      : []
  })
}
