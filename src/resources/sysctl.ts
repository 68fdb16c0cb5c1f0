import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { sh } from '../shell/sh.ts'

interface Setting {
  readonly key: string
  readonly value: string
  readonly ifPresent: boolean
}

/** A running kernel value. The file that keeps it over a boot is a `file` of the role. */
export function sysctl(
  key: string,
  value: string | number,
  options: Meta & { readonly ifPresent?: boolean } = {},
): Resource<Setting, string | undefined> {
  return resource(kind, key, { key, value: String(value), ifPresent: options.ifPresent === true }, options)
}

const kind: Kind<Setting, string | undefined> = {
  name: 'sysctl',
  // One process. A key that this kernel lacks is a state: no line.
  probe: (settings) => ({
    script: sh`grep -H '' -- ${settings.map(pathOf)} 2>/dev/null`,
    parse({ stdout }) {
      const live = new Map<string, string>()
      for (const line of stdout.split('\n')) {
        const at = line.indexOf(':')
        // First line only: a shorter value written without truncating leaves stale lines behind in plain files.
        if (at > 0 && !live.has(line.slice(0, at)))
          live.set(
            line.slice(0, at),
            line
              .slice(at + 1)
              .trim()
              .replace(/\s+/g, ' '),
          )
      }
      return settings.map((s) => live.get(pathOf(s)))
    },
  }),
  plan({ value, ifPresent }, live) {
    if (live === value || (live === undefined && ifPresent)) return []
    return [{ attribute: 'value', from: live ?? 'absent', to: value }]
  },
  apply: (planned) => sh`sysctl -q -w ${planned.map(({ desired: { key, value } }) => `${key}=${value}`)}`,
}

function pathOf({ key }: Setting): string {
  return `/proc/sys/${key.replaceAll('.', '/')}`
}
