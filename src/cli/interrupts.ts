import { writeSync } from 'node:fs'
import { InterruptedError } from '../errors.ts'

/** Ctrl-C, SIGTERM, a closed terminal: all end the work in hand alike. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export interface Work {
  /** Told at the first signal: what happens now. */
  first(): string
  /** Told at the second, which leaves at once: what is left, and how to go on. */
  second(): string
}

interface Guard extends Disposable {
  readonly signal: AbortSignal
}

let strike: (() => void) | undefined
let current: AbortSignal | undefined

/**
 * From now until it is disposed of, the first signal aborts `signal`, and the second leaves the process with exit code 130. A
 * terminal that is gone counts as a first signal, too, and what cannot be written to it is dropped.
 */
export function guardedFromSignals(work: Work): Guard {
  const controller = new AbortController()
  const { signal } = controller
  const onSignal = () => {
    if (signal.aborted) leave(work.second())
    tell(`\n${work.first()}`)
    controller.abort()
  }
  // Who reads our output may be ended by the same Ctrl-C: that is no second one.
  const onLostOutput = () => controller.abort()
  // `on`, not `once`: where none of ours is left, signal-exit (of listr2) ends the process at once.
  for (const name of signals) process.on(name, onSignal)
  for (const stream of [process.stdout, process.stderr]) stream.on('error', onLostOutput)
  const before = { strike, current }
  strike = onSignal
  current = signal
  return {
    signal,
    [Symbol.dispose]() {
      for (const name of signals) process.off(name, onSignal)
      // The streams are still listened to: a late write to a terminal that is gone is no reason to crash.
      strike = before.strike
      current = before.current
    },
  }
}

/**
 * A question on the terminal under the same rules: `put` gets a signal that ends it, and a way to tell of a Ctrl-C that the
 * terminal gives as a key. Throws InterruptedError.
 */
export async function interruptible<T>(
  put: (signal: AbortSignal, onCtrlC: () => void) => Promise<T>,
): Promise<T> {
  const own = current === undefined ? guardedFromSignals({ first: () => '', second: () => '' }) : undefined
  const signal = current ?? AbortSignal.abort()
  const onCtrlC = strike ?? (() => undefined)
  try {
    return await put(signal, onCtrlC)
  } catch (error) {
    if (signal.aborted) throw new InterruptedError({ what: 'interrupted: nothing was changed' })
    throw error
  } finally {
    own?.[Symbol.dispose]()
  }
}

function leave(text: string): never {
  if (process.stdin.isTTY) process.stdin.setRawMode(false)
  // The cursor may be hidden by what was drawn.
  tell(`${process.stderr.isTTY ? '\u001b[?25h' : ''}\n${text}`)
  process.exit(130)
}

/** At once, past whatever draws on the terminal and holds back what others write. */
function tell(text: string): void {
  if (text.trim() === '') return
  try {
    writeSync(2, `${text}\n`)
  } catch {
    // The terminal is gone.
  }
}
