import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { lines, sh } from '../shell/sh.ts'
import { linesIn, probeTexts, type Reads, type Texts } from './read-texts.ts'

/** A module of the kernel: loaded, or built in. `ifAvailable`: a kernel without it is fine. To load it at boot is a `file` of the role. */
export function kernelModule(
  name: string,
  options: Meta & { readonly ifAvailable?: boolean } = {},
): Resource<Module, ModuleState> {
  return resource(moduleKind, name, { name, ifAvailable: options.ifAvailable === true }, options)
}

interface Module {
  readonly name: string
  readonly ifAvailable: boolean
}

type ModuleState = 'present' | 'available' | 'missing'

const moduleKind: Kind<Module, ModuleState> = {
  name: 'kernel_module',
  // Most are seen by the shell itself; modinfo is asked only for what is not there.
  probe: (modules) => ({
    script: sh`for m in ${modules.map((m) => m.name)}; do u=$(printf %s "$m" | tr - _); if [ -d /sys/module/"$u" ] || grep -qE "/$m.ko|/$u.ko" /lib/modules/"$(uname -r)"/modules.builtin 2>/dev/null; then echo present; elif modinfo "$m" >/dev/null 2>&1; then echo available; else echo missing; fi; done`,
    parse({ stdout }) {
      const states = stdout.trim().split('\n')
      if (states.length !== modules.length) throw new Error('not every module has a state')
      return states.map((s) => (s === 'present' || s === 'available' ? s : 'missing'))
    },
  }),
  plan({ ifAvailable }, state) {
    if (state === 'present' || (state === 'missing' && ifAvailable)) return []
    return [{ attribute: 'module', from: state, to: 'loaded' }]
  },
  apply: (planned) => sh`modprobe -a -- ${planned.map((p) => p.desired.name)}`,
}

interface Value extends Reads {
  readonly path: string
  readonly value: string
  readonly ifPresent: boolean
}

/** A switch under /sys such as transparent huge pages; `always [madvise] never` counts as what stands in brackets. */
export function kernelValue(
  path: string,
  value: string,
  options: Meta & { readonly ifPresent?: boolean } = {},
): Resource<Value, Texts> {
  return resource(
    valueKind,
    path,
    { path, value, ifPresent: options.ifPresent === true, reads: [path] },
    options,
  )
}

const valueKind: Kind<Value, Texts> = {
  name: 'kernel_value',
  probe: probeTexts,
  plan({ path, value, ifPresent }, texts) {
    const live = chosen(linesIn(texts, path)?.[0])
    if (live === value || (live === undefined && ifPresent)) return []
    return [{ attribute: 'value', from: live ?? 'absent', to: value }]
  },
  apply: (planned) =>
    lines([
      sh`set -e`,
      ...planned.map(({ desired }) => sh`printf '%s\n' ${desired.value} > ${desired.path}`),
    ]),
}

function chosen(text: string | undefined): string | undefined {
  return /\[([^\]]+)\]/.exec(text ?? '')?.[1] ?? text?.trim()
}
