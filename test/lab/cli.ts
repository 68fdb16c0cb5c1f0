import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Event, HostSummary } from '../../src/model/event.ts'

const root = join(import.meta.dirname, '..', '..')

export interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/**
 * The command line as an operator runs it. `killAfterMs` ends it with SIGKILL, as a crash would; `killWhen` as soon as
 * its output has these words, or so many milliseconds later.
 */
export function provision(
  args: readonly string[],
  options: {
    readonly killAfterMs?: number
    readonly killWhen?: string | RegExp
    readonly killDelayMs?: number
    readonly signal?: NodeJS.Signals
    readonly input?: string
    /** Another clone of the project. */
    readonly root?: string
  } = {},
): Promise<Run> {
  const home = options.root ?? root
  const child = spawn(process.execPath, [join(home, 'bin/main.mjs'), ...args], {
    cwd: home,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.end(options.input)
  let stdout = ''
  let stderr = ''
  const kill = () => child.kill(options.signal ?? 'SIGKILL')
  const words = options.killWhen
  let isDoomed = words === undefined
  const isTime = () => (typeof words === 'string' ? stdout.includes(words) : words?.test(stdout))
  child.stdout.on('data', (data) => {
    stdout += data
    if (isDoomed || !isTime()) return
    isDoomed = true
    setTimeout(kill, options.killDelayMs ?? 0)
  })
  child.stderr.on('data', (data) => {
    stderr += data
  })
  if (options.killAfterMs !== undefined) setTimeout(kill, options.killAfterMs)
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })))
}

/** A run that must succeed; gives what it said. What fails under `--verbose` stands between whole scripts: they are left out. */
export async function good(run: Promise<Run>): Promise<string> {
  const { code, stdout, stderr } = await run
  if (code === 0) return stdout
  const said = stdout.split('\n').filter((line) => !line.startsWith('    | '))
  throw new Error(said.join('\n').slice(-3000) + stderr)
}

export const labInventory = ['--inventory', 'inventory/lab.yaml']

/** A run's events, from `--output json`. Failures are printed: they are what explains a test that fails. */
export async function events(args: readonly string[]): Promise<readonly Event[]> {
  const { stdout, stderr } = await provision([...args, ...labInventory, '--output', 'json'])
  if (!stdout) throw new Error(stderr)
  const all = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Event)
  for (const event of all) if (event.type === 'failed') console.error(event.message)
  return all
}

/** `h1 file[/x]` of everything that is planned. */
export function planned(all: readonly Event[]): readonly string[] {
  return all.flatMap((e) =>
    e.type === 'planned' ? e.plan.steps.filter((s) => !s.verifies).map((s) => `${e.plan.host} ${s.id}`) : [],
  )
}

/** `h1 file[/x]` of everything that was changed. */
export function changed(all: readonly Event[]): readonly string[] {
  return all.flatMap((e) =>
    e.type === 'applied' ? e.steps.filter((s) => !s.verifies).map((s) => `${e.host} ${s.id}`) : [],
  )
}

export function summaries(all: readonly Event[]): readonly HostSummary[] {
  const end = all.at(-1)
  if (end?.type !== 'end') throw new Error(`the run did not come to its end: ${JSON.stringify(end)}`)
  return end.hosts
}
