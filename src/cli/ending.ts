import { inspect } from 'node:util'
import { isUsersThrow, ProvisionError, userPlace } from '../errors.ts'
import { saidBy } from '../model/users-code.ts'
import { hide } from '../secret/known.ts'

/** What the command line says at its end, and its exit code. */
export interface Ending {
  readonly text: string
  readonly code: number
}

/**
 * Tells an error by whose it is: an operator's mistake has its own words; what this machine's system refused (a file, a disk, a
 * socket) is no bug, nor is what a line of the user's own threw. Only what is left is a bug of provision.
 */
export function endingOf(error: unknown): Ending {
  if (error instanceof ProvisionError) return { text: hide(error.message), code: error.exitCode }
  if (isSystemError(error))
    return { text: hide(`this machine refused: ${error.message}`), code: error.path === undefined ? 1 : 4 }
  const place = error instanceof Error ? thrownByUser(error) : undefined
  if (place !== undefined) return { text: hide(`${place}  ${saidBy(error)}`), code: 4 }
  return { text: hide(`This is a bug in provision: ${inFull(error)}`), code: 1 }
}

/** Errors of system calls, as Node gives them. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'errno' in error && 'syscall' in error
}

function thrownByUser(error: Error): string | undefined {
  return isUsersThrow(error) ? userPlace(error.stack ?? '') : undefined
}

function inFull(error: unknown): string {
  if (!(error instanceof Error)) return inspect(error)
  return [
    error.stack ?? error.message,
    ...(error.cause === undefined ? [] : [`caused by ${inFull(error.cause)}`]),
  ].join('\n')
}
