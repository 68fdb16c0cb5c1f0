import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import type { Secret } from '../secret/secret.ts'
import { commandText, lines, type Script, sh } from '../shell/sh.ts'

/** Something that must be so before anything is changed on a host. */
export interface Precondition {
  /** What is needed, with its unit: `at least 4 GB`. */
  readonly needs: string
  /** What the operator can do about it. */
  readonly next: string
  /** `warning`: `provision doctor` tells it, a run goes on (default `error`). */
  readonly level: 'error' | 'warning'
  /** Judged already, from facts of all hosts. */
  readonly found?: Finding | undefined
  /** Measures on the host: exits 0 when it holds; its last line is what was measured. */
  readonly measure?: string | Secret | undefined
}

export interface Finding {
  readonly holds: boolean
  /** With its unit: `31.3 GB`. */
  readonly measured: string
}

/**
 * Must hold before a run changes anything: the run is refused otherwise. The proof does not ask again, because
 * what was measured on an idle host (the time of an fsync) says nothing right after a run has worked it hard.
 */
export function precondition(
  name: string,
  spec: Omit<Precondition, 'level' | 'measure'> & {
    readonly level?: Precondition['level']
    readonly measure?: Script
  },
  meta: Meta = {},
): Resource<Precondition, Finding> {
  const { measure, level = 'error', ...rest } = spec
  return resource(preconditions, name, { ...rest, level, measure: measure && commandText(measure) }, meta)
}

/** The kind itself: `provision doctor` shows what its resources measured. */
export const preconditions: Kind<Precondition, Finding> = {
  name: 'precondition',
  secrets: ['measure'],
  verifies: true,
  precondition: true,
  advice: ({ next }) => next,
  probe(wished) {
    const measures = wished.flatMap(({ measure }) => (measure === undefined ? [] : [measure]))
    return {
      script: lines([
        sh`nl=${'\n'}`,
        ...measures.map((text) => sh`said=$(eval ${text} 2>&1); printf '%s %s\n' "$?" "\${said##*"$nl"}"`),
      ]),
      parse({ stdout }) {
        const rows = stdout.split('\n').values()
        return wished.map(({ found }) => {
          if (found) return found
          const row = /^(\d+) (.*)$/.exec(rows.next().value ?? '')
          if (!row) throw new Error('a measurement gave no answer')
          return { holds: row[1] === '0', measured: row[2] ?? '' }
        })
      },
    }
  },
  plan: ({ needs, level }, { holds, measured }) =>
    holds || level === 'warning' ? [] : [{ attribute: 'found', from: measured, to: needs }],
  // Never run: a precondition that does not hold refuses the run before its first change.
  apply: (planned) =>
    lines(planned.map(({ desired }) => sh`echo ${`needs ${desired.needs}: ${desired.next}`} >&2; exit 1`)),
}
