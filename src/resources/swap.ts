import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { lines, sh } from '../shell/sh.ts'

interface Seen {
  /** Active devices and files, from /proc/swaps. */
  readonly active: readonly string[]
  /** Lines of /etc/fstab that would bring swap back at boot. */
  readonly atBoot: number
}

/** No swap, now and after a boot: a paged-out database is slower than a dead one that fails over. */
export function noSwap(meta: Meta = {}): Resource<null, Seen> {
  return resource(kind, 'none', null, meta)
}

const kind: Kind<null, Seen> = {
  name: 'swap',
  probe: (wanted) => ({
    script: sh`cat /proc/swaps; echo -- fstab; if [ -e /etc/fstab ]; then cat /etc/fstab; fi`,
    parse({ stdout }) {
      const [swaps = '', fstab] = stdout.split(/^-- fstab$/m)
      if (fstab === undefined) throw new Error('/proc/swaps was not shown')
      const active = [...swaps.matchAll(/^(\/\S+)/gm)].map(([, path = '']) => path)
      const atBoot = fstab.split('\n').filter((row) => /^\s*[^#\s]\S*\s+\S+\s+swap\s/.test(row)).length
      return wanted.map(() => ({ active, atBoot }))
    },
  }),
  plan: (_, { active, atBoot }) => [
    ...(active.length > 0 ? [{ attribute: 'active', from: active.join(' '), to: 'none' }] : []),
    ...(atBoot > 0 ? [{ attribute: 'fstab', from: `${atBoot} lines`, to: 'none' }] : []),
  ],
  apply: ([planned]) =>
    lines([
      sh`set -e`,
      planned?.actual.active.length ? sh`swapoff -a` : sh`:`,
      // Kept as comments: the operator may want to know what was there.
      sh`touch /etc/fstab; sed -E 's/^([[:space:]]*[^#[:space:]][^[:space:]]*[[:space:]]+[^[:space:]]+[[:space:]]+swap[[:space:]])/# \1/' /etc/fstab >/etc/.fstab.provision; chmod 644 /etc/.fstab.provision; mv -f /etc/.fstab.provision /etc/fstab; systemctl daemon-reload`,
    ]),
}
