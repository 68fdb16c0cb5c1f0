import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { sh } from '../shell/sh.ts'
import { linesIn, probeTexts, type Reads, type Texts } from './read-texts.ts'

interface Setting extends Reads {
  readonly key: string
  readonly value: string
  readonly ifPresent: boolean
}

/** A running kernel value. The file that keeps it over a boot is a `file` of the role. */
export function sysctl(
  key: string,
  value: string | number,
  options: Meta & { readonly ifPresent?: boolean } = {},
): Resource<Setting, Texts> {
  return resource(
    kind,
    key,
    {
      key,
      value: String(value),
      ifPresent: options.ifPresent === true,
      reads: [`/proc/sys/${key.replaceAll('.', '/')}`],
    },
    options,
  )
}

const kind: Kind<Setting, Texts> = {
  name: 'sysctl',
  probe: probeTexts,
  plan({ value, ifPresent, reads: [path = ''] }, texts) {
    // The first line only: a shorter value written without truncating leaves stale lines behind in plain files.
    const live = linesIn(texts, path)?.[0]?.trim().replace(/\s+/g, ' ')
    if (live === value || (live === undefined && ifPresent)) return []
    return [{ attribute: 'value', from: live ?? 'absent', to: value }]
  },
  apply: (planned) => sh`sysctl -q -w ${planned.map(({ desired: { key, value } }) => `${key}=${value}`)}`,
}
