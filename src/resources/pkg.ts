import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { lines, sh } from '../shell/sh.ts'

interface Wanted {
  readonly name: string
  readonly installed: boolean
}

/** A Debian package. (`package` is a reserved word.) */
export function pkg(
  name: string,
  options: Meta & { readonly ensure?: 'present' | 'absent' } = {},
): Resource<Wanted, string | undefined> {
  return resource(kind, name, { name, installed: options.ensure !== 'absent' }, options)
}

const kind: Kind<Wanted, string | undefined> = {
  name: 'pkg',
  // A mirror may be slow, and another apt may hold the lock first.
  timeoutSeconds: 900,
  probe: (wanted) => ({
    script: sh`dpkg-query -W -f='\${Package} \${db:Status-Status} \${Version}\n' -- ${wanted.map((w) => w.name)} 2>/dev/null`,
    parse({ stdout }) {
      const rows = stdout.split('\n').map((line) => line.split(' '))
      return wanted.map((w) => rows.find(([name, status]) => name === w.name && status === 'installed')?.[2])
    },
  }),
  plan({ installed }, version) {
    if (installed === (version !== undefined)) return []
    return [{ attribute: 'package', from: version ?? 'absent', to: installed ? 'present' : 'absent' }]
  },
  apply(planned) {
    const install = planned.filter((p) => p.desired.installed).map((p) => p.desired.name)
    const remove = planned.filter((p) => !p.desired.installed).map((p) => p.desired.name)
    return lines([
      // needrestart may only list: it must never restart the database or Docker by itself.
      sh`set -e; export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l`,
      // An earlier run may have died in the middle of dpkg.
      sh`if [ -n "$(dpkg --audit)" ]; then dpkg --configure -a; fi`,
      install.length > 0
        ? sh`if ! apt-get install -qq --simulate -- ${install} >/dev/null 2>&1 || [ -z "$(find /var/lib/apt/lists -maxdepth 1 -name '*Packages*' -mmin -60 2>/dev/null)" ]; then apt-get -qq update -o DPkg::Lock::Timeout=120; fi
apt-get install -qq -y --no-install-recommends -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold -- ${install}`
        : sh`:`,
      remove.length > 0 ? sh`apt-get remove -qq -y -o DPkg::Lock::Timeout=120 -- ${remove}` : sh`:`,
    ])
  },
}
