import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(import.meta.dirname, '..')
/** Frames of a stack that are not the user's: our own sources, libraries, Node itself. */
const own = [`${import.meta.dirname}/`, `${root}/bin/`]

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

/** A line of somebody's playbook or role. */
export interface Place {
  /** Absolute path. */
  readonly file: string
  readonly line: number
  readonly column: number
}

/** The frames of a stack that are files, the innermost first. */
function* framesOf(stack: string): Iterable<Place> {
  for (const frame of stack.split('\n')) {
    const found = /(?:^|[\s(])((?:file:\/\/)?\/[^()]+?):(\d+):(\d+)\)?$/.exec(frame)
    if (!found?.[1]) continue
    const file = found[1].startsWith('file:') ? fileURLToPath(found[1]) : found[1]
    yield { file, line: Number(found[2]), column: Number(found[3]) }
  }
}

function isUsers({ file }: Place): boolean {
  return !file.includes('/node_modules/') && !own.some((folder) => file.startsWith(folder))
}

/** The innermost line of a stack that is no line of provision or of a library: the playbook's or the role's. */
export function usersFrame(stack: string | undefined): Place | undefined {
  for (const place of framesOf(stack ?? '')) if (isUsers(place)) return place
  return undefined
}

/** Was it thrown by a line of the user's own, not by one of provision's that this line called? */
export function isUsersThrow(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  for (const place of framesOf(error.stack ?? '')) return isUsers(place)
  return false
}

/** `roles/motd.ts:12:5`: relative to the project or to where we are, where it lies inside. */
export function shownPlace({ file, line, column }: Place): string {
  const inside = [root, process.cwd()]
    .map((folder) => relative(folder, file))
    .find((p) => !p.startsWith('..'))
  return `${inside ?? file}:${line}:${column}`
}

/** The line that has called us, or the one that `stack` came from; undefined where no line of a playbook is in it. */
export function userPlace(stack: string | undefined = stackHere()): string | undefined {
  const place = usersFrame(stack)
  return place && shownPlace(place)
}

/** A library between us and the playbook may add more frames than the ten that are kept otherwise. */
function stackHere(): string | undefined {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 50
  const here: { stack?: string } = {}
  Error.captureStackTrace(here)
  const { stack } = here
  Error.stackTraceLimit = stackTraceLimit
  return stack
}
