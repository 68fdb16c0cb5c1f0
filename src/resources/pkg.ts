import { matchesGlob } from 'node:path'
import type { Change, Kind, Planned } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
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
      // needrestart may only list: it must never restart the database or Docker by itself.
      sh`set -e; export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l APT_LISTCHANGES_FRONTEND=none`,
      // An earlier run may have died in the middle of dpkg.
      sh`if [ -n "$(dpkg --audit)" ]; then dpkg --configure -a; fi`,
      install.length > 0 ? installing(install) : sh`:`,
      gone.length > 0 ? sh`apt-get remove -qq -y ${waiting} -- ${gone}` : sh`:`,
      ...marking(planned),
    ])
  },
  risks: (wanted, changes) =>
    changes.some((c) => c.from !== 'absent' && c.attribute !== 'hold') || wanted.absent ? ['restart'] : [],
}

/** Two minutes for another apt (a boot's unattended upgrade) to end. */
const waiting = ['-o', 'DPkg::Lock::Timeout=120']

/** The package lists are fetched when they are an hour old, older than a source, or lack what is wanted. */
function installing(planned: readonly Planned<Wanted, Found | undefined>[]): Script {
  const names = planned.map(({ desired: { name, version } }) =>
    version === undefined ? name : `${name}=${version}`,
  )
  const stamp = '/var/lib/provision/apt-updated'
  const held = planned.some((p) => p.actual?.held) ? ['--allow-change-held-packages'] : []
  const pinned = planned.some((p) => p.desired.version !== undefined) ? ['--allow-downgrades'] : []
  const install = ['install', '-qq', '-y', '--no-install-recommends', ...held, ...pinned, ...waiting]
  const keep = ['-o', 'Dpkg::Options::=--force-confdef', '-o', 'Dpkg::Options::=--force-confold']
  return sh`if [ -z "$(find ${stamp} -mmin -60 2>/dev/null)" ] || [ -n "$(find /etc/apt -name '*.list' -newer ${stamp} -o -name '*.sources' -newer ${stamp} -o -name '*.conf' -newer ${stamp})" ] || ! apt-get install --simulate -qq ${pinned} ${held} -- ${names} >/dev/null 2>&1; then mkdir -p -m 0700 /var/lib/provision; apt-get update -qq ${waiting}; : > ${stamp}; fi
apt-get ${install} ${keep} -- ${names}`
}

function marking(planned: readonly Planned<Wanted, Found | undefined>[]): readonly Script[] {
  return ([true, false] as const).flatMap((hold) => {
    const names = planned.filter((p) => p.changes.some((c) => c.attribute === 'hold' && c.to === hold))
    return names.length > 0
      ? [sh`apt-mark -qq ${hold ? 'hold' : 'unhold'} ${names.map((p) => p.desired.name)}`]
      : []
  })
}
