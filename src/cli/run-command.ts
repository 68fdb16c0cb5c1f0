import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { run } from '../engine/run.ts'
import { checkRoles, loadInventory } from '../inventory/index.ts'
import type { HostPlan } from '../model/event.ts'
import { createReport } from '../report/index.ts'
import { formatPlan } from '../report/plan-text.ts'
import { connectorFor } from './connector.ts'
import { loadPlaybook } from './load-playbook.ts'

export interface RunFlags {
  readonly inventory: string
  readonly limit?: string
  readonly tags?: readonly string[]
  readonly set?: readonly string[]
  readonly forks: string
  readonly check?: boolean
  readonly diff?: boolean
  readonly yes?: boolean
  readonly output: string
  readonly verbose?: boolean
  readonly acceptNewHostKeys?: boolean
  readonly detailedExitcode?: boolean
}

const root = join(import.meta.dirname, '..', '..')

/** `provision`, `provision run` and `provision plan`; gives the exit code. All input is checked before the first connection. */
export async function runCommand(mode: 'plan' | 'run', file: string, flags: RunFlags): Promise<number> {
  const playbook = await loadPlaybook(file, root)
  const inventory = loadInventory(flags.inventory, { set: flags.set ?? [] })
  checkRoles(inventory, [...new Set(playbook.plays.flatMap((play) => play.roles))], roleNames())
  const limit = flags.limit ? new Set(inventory.select(flags.limit).map((h) => h.name)) : undefined
  for (const play of playbook.plays) inventory.select(play.on)

  const color = process.stdout.isTTY === true && !process.env.NO_COLOR
  const report = createReport(flags.output, {
    write: (text) => process.stdout.write(text),
    color,
    verbose: flags.verbose === true,
    columns: process.stdout.columns ?? 120,
  })
  const stop = new AbortController()
  const onInterrupt = () => {
    console.error('\ninterrupted: the step in hand is finished first')
    stop.abort()
  }
  process.once('SIGINT', onInterrupt)
  process.once('SIGTERM', onInterrupt)
  const show = (plans: readonly HostPlan[]) =>
    process.stdout.write(`${formatPlan(plans, { diff: flags.diff === true })}\n`)
  try {
    const result = await run({
      playbook,
      inventoryFile: flags.inventory,
      hostsOf: (play) => inventory.select(play.on),
      varsOf: (host, role) => inventory.varsFor(host, role),
      connect: connectorFor(flags),
      report: report.report,
      mode,
      diff: flags.diff === true,
      limit,
      tags: flags.tags ? new Set(flags.tags) : undefined,
      root,
      signal: stop.signal,
      who: `${userInfo().username}@${hostname()} pid ${process.pid}`,
      commit: commitOf,
      approve: (plans) => approve(plans, flags, show),
    })
    await report.close()
    if (mode === 'plan' && flags.output !== 'json') show(result.plans)
    if (result.interrupted) return 130
    if (result.unreachable) return 3
    if (result.failed) return 1
    const differs = result.plans.some((p) => p.steps.some((s) => s.selected))
    return mode === 'plan' && flags.detailedExitcode && differs ? 2 : 0
  } finally {
    process.off('SIGINT', onInterrupt)
    process.off('SIGTERM', onInterrupt)
  }
}

/** One file, one role, one name. */
function roleNames(): readonly string[] {
  return readdirSync(join(root, 'roles')).flatMap((name) => /^(.+)\.ts$/.exec(name)?.[1] ?? [])
}

/** Asks once, on a terminal only, when something more than a restart is at stake. */
async function approve(
  plans: readonly HostPlan[],
  flags: RunFlags,
  show: (plans: readonly HostPlan[]) => void,
): Promise<boolean> {
  const risks = new Set(plans.flatMap((p) => p.steps.filter((s) => s.selected).flatMap((s) => s.risks)))
  risks.delete('restart')
  if (risks.size === 0 || flags.yes || !process.stdin.isTTY || !process.stdout.isTTY) return true
  show(plans)
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question(`This touches: ${[...risks].join(', ')}. Go on? [y/N] `)
  terminal.close()
  return /^y(es)?$/i.test(answer.trim())
}

/** Asked for only when something was changed: starting git costs more than the rest of a converged run's set-up. */
function commitOf(): string | undefined {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
      .toString()
      .trim()
  } catch {
    return undefined // Not a git checkout: the journal then has no commit.
  }
}
