import { execFile, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { promisify } from 'node:util'
import { CommandError, lastLines } from '../errors.ts'

const execute = promisify(execFile)

/** Runs a command of this machine; gives its output. Throws CommandError with its last lines. */
export async function runHere(command: string, ...args: readonly string[]): Promise<string> {
  try {
    return (await execute(command, [...args], { maxBuffer: 1 << 26 })).stdout
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

/** Starts a process that outlives us, its output in a file; gives its pid. */
export function startDetached(
  log: string,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): number {
  const output = openSync(log, 'a')
  const child = spawn(command, [...args], {
    detached: true,
    stdio: ['ignore', output, output],
    env: { ...process.env, ...env },
  })
  closeSync(output)
  child.unref()
  if (child.pid === undefined) throw new CommandError({ what: `the lab could not start ${command}` })
  return child.pid
}
