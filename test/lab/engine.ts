import { type RunOptions, type RunResult, run } from '../../src/engine/run.ts'
import { lastLines } from '../../src/errors.ts'
import { playbook, role, t } from '../../src/index.ts'
import type { Event } from '../../src/model/event.ts'
import type { Host } from '../../src/model/host.ts'
import type { Play } from '../../src/model/playbook.ts'
import type { Resources } from '../../src/model/resource.ts'
import type { Facts } from '../../src/model/role.ts'
import type { Script } from '../../src/shell/sh.ts'
import { connectSsh } from '../../src/transport/ssh.ts'

/** What a test role wants, from what it knows. */
export type Wish = (scene: { readonly host: Host }) => Resources

export interface Ran extends RunResult {
  readonly events: readonly Event[]
  /** The messages of failed hosts. */
  readonly failures: readonly string[]
}

/** Runs one role of a test on hosts of the lab, through the real engine and transport. */
export async function converge(
  hosts: readonly Host[],
  wish: Wish,
  options: Partial<RunOptions> & { readonly play?: Partial<Play>; readonly facts?: Facts } = {},
): Promise<Ran> {
  const events: Event[] = []
  const wishes = role({ name: 'wishes', vars: t.Object({}), resources: ({ host }) => wish({ host }) })
  const result = await run({
    playbook: playbook('test', { on: 'all', roles: [wishes], ...options.play }),
    inventoryFile: 'none',
    hostsOf: () => hosts,
    varsOf: () => ({}),
    connect: (host) => connectSsh(host),
    report: (event) => events.push(event),
    mode: 'run',
    diff: false,
    root: process.cwd(),
    signal: new AbortController().signal,
    id: 'test',
    startedAt: '2026-01-01T00:00:00.000Z',
    who: 'test',
    approve: async () => true,
    ...options,
  })
  return { ...result, events, failures: events.flatMap((e) => (e.type === 'failed' ? [e.message] : [])) }
}

/** Runs a script on a host, beside provision; gives what it said on standard output. Throws where it failed. */
export async function on(host: Host, script: Script): Promise<string> {
  await using link = await connectSsh(host)
  const { code, stdout, stderr } = await link.exec(script)
  if (code !== 0)
    throw new Error(
      `${host.name}: exit code ${code} of: ${script.text.slice(0, 200)}\n${lastLines(stdout + stderr)}`,
    )
  return stdout.trim()
}
