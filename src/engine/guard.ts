import { InputError, InterruptedError, isUsersThrow, ProvisionError } from '../errors.ts'
import { placeIn, saidBy } from '../model/users-code.ts'
import type { RunOptions } from './options.ts'
import type { Session } from './session.ts'

/** Does the same on many hosts at once; a failure is one host's own, and reported. */
export async function eachHost(
  sessions: readonly Session[],
  options: RunOptions,
  work: (s: Session) => Promise<void>,
): Promise<void> {
  // All of them come to the end of what they do, also where one is interrupted: its neighbour's step may be in hand.
  const results = await Promise.allSettled(
    sessions
      .filter((s) => !s.failed)
      .map((s) =>
        guarded(
          s.host.name,
          options,
          () => work(s),
          (error) => fail(s, error),
        ),
      ),
  )
  const broken = results.find((result) => result.status === 'rejected')
  if (broken) throw broken.reason
}

/** Waits for `work`, which changes nothing, but not after an interruption. Throws InterruptedError then. */
export async function unlessInterrupted<T>({ signal }: RunOptions, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(new InterruptedError({ what: 'interrupted: nothing was changed' }))
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  // Whichever of the two comes too late concerns nobody any more.
  work.catch(() => undefined)
  promise.catch(() => undefined)
  try {
    return await Promise.race([promise, work])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** A host that could not be worked with before anything was changed there counts as unreachable. */
export function fail(s: Session, error: ProvisionError): void {
  s.failed = true
  s.badInput = error instanceof InputError && s.done.length === 0
  s.unreachable = error.exitCode === 3 && s.done.length === 0
}

/** Runs `work`; an operator's error is reported and handed to `onFailure`, a bug goes on its way. */
export async function guarded<T>(
  host: string,
  { report, signal }: RunOptions,
  work: () => Promise<T>,
  onFailure: (error: ProvisionError) => void,
): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (signal.aborted) throw new InterruptedError({ host, what: 'interrupted' })
    const told = isUsersThrow(error) && !(error instanceof ProvisionError) ? byUser(host, error) : error
    if (!(told instanceof ProvisionError)) throw told
    onFailure(told)
    const { failure, message } = told.failure.host ? told : new ProvisionError({ ...told.failure, host })
    report({ type: 'failed', host, unreachable: told.exitCode === 3, failure, message })
    return undefined
  }
}

/** Code of a role, a fact or a kind of the user's own threw: no bug of provision, and one host's own. */
function byUser(host: string, error: unknown): InputError {
  return new InputError({ host, where: placeIn(error), what: saidBy(error), cause: error })
}
