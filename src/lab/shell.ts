import { execFile, spawn } from 'node:child_process'
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { CommandError, InterruptedError, lastLines } from '../errors.ts'

const execute = promisify(execFile)
let stop = new AbortController()

/**
 * Does `work` so that Ctrl-C ends it in order: the command that runs is ended, none is started after it, and `undo`
 * is run to its end, whatever is pressed meanwhile. Any failure of `work` is undone, too.
 */
export async function orUndone<T>(work: () => Promise<T>, undo: () => Promise<void>): Promise<T> {
  const onSignal = () => {
    if (stop.signal.aborted) return
    console.error('\ninterrupted: cleaning up')
    stop.abort()
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, onSignal)
  try {
    return await work()
  } catch (error) {
    const wasStopped = stop.signal.aborted
    stop = new AbortController()
    for (const signal of signals) process.off(signal, onSignal).on(signal, ignore)
    await undo()
    if (wasStopped) throw new InterruptedError({ what: 'interrupted; nothing is left behind', cause: error })
    throw error
  } finally {
    for (const signal of signals) process.off(signal, onSignal).off(signal, ignore)
  }
}

function ignore(): void {}

/** Waits; Ctrl-C ends the wait. */
export async function pause(ms: number): Promise<void> {
  await sleep(ms, undefined, { signal: stop.signal })
}

/** Runs a command of this machine; gives its output. Throws CommandError with its last lines. */
export async function runHere(command: string, ...args: readonly string[]): Promise<string> {
  try {
    return (await execute(command, [...args], { maxBuffer: 1 << 26, signal: stop.signal })).stdout
  } catch (cause) {
    const { stderr = '' } = cause as { stderr?: string }
    throw new CommandError({
      what: `the lab could not run: ${[command, ...args].join(' ').slice(0, 200)}`,
      why: lastLines(stderr) || String(cause),
      cause,
    })
  }
}

/** The same, where failing is an answer. */
export async function succeeds(command: string, ...args: readonly string[]): Promise<boolean> {
  return runHere(command, ...args).then(
    () => true,
    () => false,
  )
}

/**
 * Starts a process that outlives us, its output and its pid in files `PATH.log` and `PATH.pid`. It writes the pid itself,
 * too: were we killed right after the start, nobody would know of it.
 */
export function startDetached(
  path: string,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): void {
  stop.signal.throwIfAborted()
  const output = openSync(`${path}.log`, 'a')
  const child = spawn('sh', ['-c', 'echo $$ >"$0"; exec "$@"', `${path}.pid`, command, ...args], {
    detached: true,
    stdio: ['ignore', output, output],
    env: { ...process.env, ...env },
  })
  closeSync(output)
  child.unref()
  if (child.pid === undefined) throw new CommandError({ what: `the lab could not start ${command}` })
  writeFileSync(`${path}.pid`, String(child.pid))
}
