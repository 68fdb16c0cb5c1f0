import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { type Upgradable, upgradeFlags } from '../model/upgradable.ts'
import { aptKeeping, aptQuiet, aptWaiting, dpkgWhole } from '../shell/apt.ts'
import { lines, sh } from '../shell/sh.ts'

interface Wanted {
  readonly packages: readonly Upgradable[]
}

/** Version of each package, and whether it is as new as it should be. */
type Seen = readonly { readonly version: string | undefined; readonly isNew: boolean }[]

/**
 * The packages of the distribution are as new as the plan says, or newer. Which ones: from the fact `upgradable`. Held
 * packages stay; none is removed. What apt has learned since the plan comes with them.
 */
export function pkgUpgrade(
  name: string,
  packages: readonly Upgradable[],
  meta: Meta = {},
): Resource<Wanted, Seen> {
  return resource(kind, name, { packages }, meta)
}

const kind: Kind<Wanted, Seen> = {
  name: 'pkg-upgrade',
  // A kernel's own scripts on a slow disk, and a slow mirror.
  timeoutSeconds: 1800,
  probe: (wanted) => {
    const all = wanted.flatMap((w) => w.packages)
    return {
      isolated: true,
      script: lines(
        all.map(
          ({ name, to }) =>
            sh`v=$(dpkg-query -W -f='\${Version}' -- ${name} 2>/dev/null); if [ -n "$v" ] && dpkg --compare-versions "$v" ge ${to}; then echo "new $v"; else echo "old $v"; fi`,
        ),
      ),
      parse({ stdout }) {
        const rows = stdout.trimEnd().split('\n').values()
        return wanted.map(({ packages }) =>
          packages.map(() => {
            const [state, version] = (rows.next().value ?? '').split(' ')
            return { version: version || undefined, isNew: state === 'new' }
          }),
        )
      },
    }
  },
  plan: ({ packages }, seen) =>
    packages.flatMap(({ name, to }, i) =>
      seen[i]?.isNew ? [] : [{ attribute: name, from: seen[i]?.version ?? 'absent', to }],
    ),
  apply: () =>
    lines([
      sh`set -e`,
      aptQuiet,
      dpkgWhole,
      sh`apt-get upgrade -qq -y ${upgradeFlags} ${aptWaiting} ${aptKeeping}`,
    ]),
  risks: () => ['restart'],
}
