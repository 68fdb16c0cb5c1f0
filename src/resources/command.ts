import { InputError } from '../errors.ts'
import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import type { Secret } from '../secret/secret.ts'
import { type Command, commandText, lines, sh } from '../shell/sh.ts'

interface Wanted {
  readonly run: string | Secret
  readonly guard: string | Secret | undefined
  /** The exit code class of the guard that means "nothing to do": true for `unless`, false for `onlyIf`. */
  readonly doneWhen: boolean
  readonly withinSeconds: number
}

/**
 * A script with a guard, for what no kind covers, or one that follows a change (a handler): `on` runs it once after
 * any of these resources has changed, in this run or in one that died. `unless`: run while this fails. `onlyIf`: run while this succeeds.
 * The guard must turn when the script has run: the proof at the end of the run holds it to that. `withinSeconds`: what it may
 * take (default 300). A script with a secret in it is given as `sh` makes it, or as a Secret: the host reads it from standard
 * input; no process list, plan or log has it. What the script itself puts into a command line is its own affair.
 */
export function command(
  name: string,
  options: Omit<Meta, 'triggers'> & {
    readonly run: Command
    readonly unless?: Command
    readonly onlyIf?: Command
    readonly on?: readonly Resource[]
    readonly withinSeconds?: number
  },
): Resource<Wanted, boolean> {
  const { run, unless, onlyIf, on, withinSeconds = 300 } = options
  const guard = unless ?? onlyIf
  if ((guard === undefined && !on) || (unless !== undefined && onlyIf !== undefined))
    throw new InputError({
      what: `command[${name}] needs a guard: either unless, onlyIf or on`,
      next: 'without one nobody can plan it, and every run would run it',
    })
  return resource(
    kind,
    name,
    {
      run: commandText(run),
      guard: guard === undefined ? undefined : commandText(guard),
      doneWhen: guard === undefined || unless !== undefined,
      withinSeconds,
    },
    { ...options, ...(on ? { triggers: on } : {}) },
  )
}

const kind: Kind<Wanted, boolean> = {
  name: 'command',
  secrets: ['run', 'guard'],
  secondsFor: (commands) => commands.reduce((sum, { withinSeconds }) => sum + withinSeconds, 0),
  probe: (commands) => ({
    isolated: true,
    script: lines(
      commands.map(({ guard = 'true' }) => sh`(eval ${guard}) >/dev/null 2>&1 </dev/null; echo "$?"`),
    ),
    parse({ stdout }) {
      const codes = stdout.trim().split('\n')
      if (codes.length !== commands.length) throw new Error('not every guard gave an exit code')
      return codes.map((code) => code === '0')
    },
  }),
  plan: ({ doneWhen }, succeeded, { triggeredBy }) =>
    succeeded === doneWhen && triggeredBy.length === 0
      ? []
      : [{ attribute: 'command', from: 'to do', to: 'done' }],
  apply: (planned) => lines(planned.map(({ desired: { run } }) => sh`(eval ${run}) </dev/null || exit $?`)),
}
