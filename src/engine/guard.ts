import { InterruptedError, ProvisionError } from '../errors.ts'
import type { RunOptions } from './run.ts'
import type { Session } from './session.ts'

/** Does the same on many hosts at once; a failure is one host's own, and reported. */
export async function eachHost(
  sessions: readonly Session[],
  options: RunOptions,
  work: (s: Session) => Promise<void>,
): Promise<void> {
  await Promise.all(
    sessions
      .filter((s) => !s.failed)
      .map((s) =>
        guarded(
          s.host.name,
          options,
          () => work(s),
          () => {
            s.failed = true
          },
        ),
      ),
  )
}

export async function guarded<T>(
  host: string,
  { report, signal }: RunOptions,
  work: () => Promise<T>,
  onFailure: () => void,
): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (signal.aborted) throw new InterruptedError({ host, what: 'interrupted' })
    if (!(error instanceof ProvisionError)) throw error
    onFailure()
    report({
      type: 'failed',
      host,
      unreachable: error.exitCode === 3,
      failure: error.failure,
      message: error.message,
    })
    return undefined
  }
}
