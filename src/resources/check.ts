import { copySeconds, type Kind } from '../model/kind.ts'
import type { Body, Get } from '../model/probe.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { masked, type Secret } from '../secret/secret.ts'
import { type Command, commandText, lines, sh } from '../shell/sh.ts'

interface Check {
  /** A script that exits 0 when what it checks holds, and says why when it does not. */
  readonly test: string | Secret
  /** How long it is tried again before it counts as failed. */
  readonly withinSeconds: number
  readonly everySeconds: number
  /** A script that exits 0 as long as somebody works on it: then it is waited for on and on, twelve hours at most. */
  readonly busy: string | Secret | undefined
  readonly pages: Pages | undefined
}

/** Pages that tell whether it holds, for a look that asks for them anyway: a process of its own is then not needed. */
export interface Pages {
  readonly gets: readonly Get[]
  /** What is wrong; undefined where it holds. It must say what `test` says. */
  wrong(bodies: readonly Body[]): string | undefined
}

interface Verdict {
  readonly code: number
  readonly said: string
}

/**
 * Something that must hold at this point: a service that answers, a file that somebody else writes. It changes
 * nothing; what does not hold yet is tried again (`withinSeconds`) after the steps before it have run; longer where `busy`
 * says that it is being worked on, as a copy of a large database is.
 */
export function check(
  name: string,
  test: Command,
  options: Meta & {
    readonly withinSeconds?: number
    readonly everySeconds?: number
    readonly busy?: Command
    readonly pages?: Pages
  } = {},
): Resource<Check, Verdict> {
  const { withinSeconds = 30, everySeconds = 1, busy, pages } = options
  return resource(
    kind,
    name,
    {
      test: commandText(test),
      withinSeconds,
      everySeconds,
      busy: busy === undefined ? undefined : commandText(busy),
      pages,
    },
    options,
  )
}

/** Waits for a local port, a file, or a command: a check with a longer breath. */
export function waitFor(
  what: { readonly port: number } | { readonly file: string } | { readonly command: string },
  options: Meta & { readonly withinSeconds?: number } = {},
): Resource<Check, Verdict> {
  const patient = { withinSeconds: 120, ...options }
  if ('port' in what)
    return check(`port ${what.port}`, sh`ss -Hltn "sport = :${what.port}" | grep -q .`.text, patient)
  if ('file' in what) return check(`file ${what.file}`, sh`[ -e ${what.file} ]`.text, patient)
  return check(`command ${what.command}`, what.command, patient)
}

const kind: Kind<Check, Verdict> = {
  name: 'check',
  secrets: ['test', 'busy'],
  verifies: true,
  // Each is bounded by its own limit; this bounds their sum.
  secondsFor: (checks) => (checks.some((c) => c.busy !== undefined) ? copySeconds : 1800),
  probe: (checks) => ({
    // `eval` in a subshell: a check may exit or be wrong, it is its own only; one process each.
    script: lines([
      sh`nl=${'\n'}`,
      ...checks
        .filter(({ pages }) => !pages)
        .map(({ test }) => sh`said=$(eval ${test} 2>&1); printf '%s %s\n' "$?" "\${said##*"$nl"}"`),
    ]),
    gets: checks.flatMap(({ pages }) => pages?.gets ?? []),
    parse({ stdout }, bodies) {
      const rows = stdout.split('\n').values()
      const left = bodies.values()
      return checks.map(({ pages }, i) => {
        if (pages) {
          const said = pages.wrong(pages.gets.map(() => left.next().value))
          return { code: said === undefined ? 0 : 1, said: said ?? '' }
        }
        const found = /^(\d+) (.*)$/.exec(rows.next().value ?? '')
        if (!found) throw new Error(`check ${i + 1} gave no verdict`)
        return { code: Number(found[1]), said: found[2] ?? '' }
      })
    },
  }),
  plan: (_, { code, said }) =>
    code === 0 ? [] : [{ attribute: 'check', from: `fails (${code})${said && `: ${said}`}`, to: 'holds' }],
  apply: (planned) =>
    lines(
      planned.map(
        ({ desired: { test, withinSeconds, everySeconds, busy = 'false' } }) =>
          sh`end=$(($(date +%s) + ${withinSeconds})); while ! said=$( (eval ${test}) 2>&1 ); do if [ "$(date +%s)" -ge "$end" ] && ! (eval ${busy}) >/dev/null 2>&1; then printf '%s\n' ${`still failing after ${withinSeconds} s: ${masked(test)}`} "$said" >&2; exit 1; fi; sleep ${everySeconds}; done`,
      ),
    ),
}
