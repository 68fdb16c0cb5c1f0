/** The parts of an error made for an operator: what failed, where it was asked for, why, and what to do next. */
export interface Failure {
  /** One sentence: what failed. */
  readonly what: string
  /** Host name, when one host is concerned. */
  readonly host?: string | undefined
  /** `file:line:column` (or a resource id) of what asked for it. */
  readonly where?: string | undefined
  /** Evidence: last lines of output, the values found. Already free of secrets. */
  readonly why?: string | undefined
  /** What the operator can do now. */
  readonly next?: string | undefined
  readonly cause?: unknown
}

/** Any failure that is not a bug of provision. `exitCode` is the process's exit code that it leads to. */
export class ProvisionError extends Error {
  readonly exitCode: 1 | 3 | 4 | 130 = 1
  readonly failure: Failure

  constructor(failure: Failure) {
    super(format(failure), { cause: failure.cause })
    this.name = new.target.name
    this.failure = failure
  }
}

/** Bad input: inventory, vars, playbook, template or command line. Always before the first connection. Exit 4. */
export class InputError extends ProvisionError {
  override readonly exitCode = 4
}

/** A host could not be reached or did not let us in. Exit 3. */
export class ConnectError extends ProvisionError {
  override readonly exitCode = 3
}

/** A command on a host failed, timed out, or did not lead to what was wanted. Exit 1. */
export class CommandError extends ProvisionError {}

/** Provision itself declines: the step would lock out, lose quorum, or is not what was agreed. Exit 1. */
export class RefusedError extends ProvisionError {}

/** Ctrl-C. Exit 130. */
export class InterruptedError extends ProvisionError {
  override readonly exitCode = 130
}

/** Several errors of input at once, so that one look mends them all. Exit 4. */
export function inputErrors(failures: readonly Failure[]): InputError {
  const [first] = failures
  if (failures.length === 1 && first) return new InputError(first)
  return new InputError({ what: failures.map(format).join('\n\n') })
}

/** The last `count` lines of a command's output, for the `why` of an error. */
export function lastLines(text: string, count = 12): string {
  return text.trimEnd().split('\n').slice(-count).join('\n')
}

function format({ what, host, where, why, next }: Failure): string {
  const head = [where, host, what].filter(Boolean).join('  ')
  return [head, why && indent(why), next && indent(`→ ${next}`)].filter(Boolean).join('\n')
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ')
}
