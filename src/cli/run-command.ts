import { existsSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { type RunOptions, type RunResult, run } from '../engine/run.ts'
import { mustMatch } from '../engine/saved-plan.ts'
import { InputError } from '../errors.ts'
import { checkRoles, type Inventory, loadInventory } from '../inventory/index.ts'
import { type Asked, withoutSecrets } from '../model/begun.ts'
import type { HostPlan } from '../model/event.ts'
import type { Playbook } from '../model/playbook.ts'
import { createReport, forPeople, outputKind } from '../report/index.ts'
import { formatPlan } from '../report/plan-text.ts'
import { hide, hideIn } from '../secret/known.ts'
import { approval } from './approve.ts'
import { commitOf } from './commit.ts'
import { connectorFor } from './connector.ts'
import { showDoctor } from './doctor-command.ts'
import { explainResource, explainVar } from './explain-command.ts'
import type { RunFlags } from './flags.ts'
import { guardedFromSignals } from './interrupts.ts'
import { limitOf } from './limits.ts'
import { loadPlaybook } from './load-playbook.ts'
import { phasesOf } from './phases.ts'
import { readPlan, writePlan } from './plan-file.ts'
import { roleNames } from './role-names.ts'
import { openSecrets, type Secrets, sharedVarsOf } from './secrets.ts'

const root = join(import.meta.dirname, '..', '..')

/** `provision` and `provision run`, with `--check` only the plan; gives the exit code. All input is checked before the first connection. */
export async function runCommand(file: string, flags: RunFlags, given: Given = {}): Promise<number> {
  if (flags.check) return planCommand(file, flags)
  const loaded = await load(file, flags)
  const saved = given.plan === undefined ? undefined : readPlan(given.plan)
  const approve = approval({
    consent: flags.yes,
    isLive: kindOf(flags) === 'live',
    isTerminal: process.stdin.isTTY === true && process.stdout.isTTY === true,
    show: show(flags),
  })
  return exitCodeOf(
    await perform(loaded, flags, {
      mode: 'run',
      asked: askedOf(file, flags),
      resumes: given.resumes,
      async approve(plans, moment, moved) {
        if (saved && moment !== 'late') mustMatch(saved.hosts, plans, saved.key)
        return approve(plans, moment, moved)
      },
    }),
  )
}

/** `provision apply FILE`: exactly the plan in the file, or nothing. */
export async function applyCommand(file: string, flags: RunFlags): Promise<number> {
  const plan = readPlan(file)
  return runCommand(plan.playbook, { ...flags, ...plan.flags }, { plan: file })
}

/** `provision plan`: what a run would change; touches nothing. */
export async function planCommand(file: string, flags: RunFlags): Promise<number> {
  const result = await perform(await load(file, flags), flags, { mode: 'plan' })
  const unseen = result.hosts.map(({ host }) => host).filter((h) => !result.plans.some((p) => p.host === h))
  if (forPeople.has(kindOf(flags))) show(flags, unseen)(result.plans)
  const code = exitCodeOf(result)
  if (code !== 0) return code
  if (flags.out) writePlan(flags.out, file, flags, result.plans)
  const differs = result.plans.some((p) => p.steps.some((s) => s.selected))
  return flags.detailedExitcode && differs ? 2 : 0
}

/** `provision explain HOST RESOURCE|VAR`: why is it so? */
export async function explainCommand(
  file: string,
  host: string,
  what: string,
  flags: RunFlags,
): Promise<number> {
  const loaded = await load(file, flags)
  const { playbook, inventory } = loaded
  const [chosen] = inventory.select(host)
  if (!chosen) throw new InputError({ what: `there is no host ${host}` })
  const text = what.includes('[') ? undefined : explainVar(inventory, playbook, chosen, what)
  if (text !== undefined) console.log(text)
  else {
    const result = await perform(loaded, { ...flags, output: 'failures' }, { mode: 'plan' })
    console.log(hide(explainResource(result, chosen.name, what, root)))
  }
  return 0
}

/** `provision doctor`: are the machines fit? Measures, and changes nothing. */
export async function doctorCommand(file: string, flags: RunFlags): Promise<number> {
  const set = [...(flags.set ?? []), 'preflight.measure=always']
  const loaded = await load(file, { ...flags, set })
  const result = await perform(loaded, { ...flags, output: 'failures' }, { mode: 'plan' })
  return showDoctor(result, flags.output, useColor())
}

/** What a run is beside its flags. */
export interface Given {
  /** File of the plan that it must be. */
  readonly plan?: string
  /** The run that it takes over. */
  readonly resumes?: string
}

/** What is left on the hosts for whoever must take the run over. A playbook of the project's own is named as it is in every clone. */
function askedOf(file: string, { limit, tags, from, until, prune, set, without }: RunFlags): Asked {
  const inside = relative(root, existsSync(file) ? resolve(file) : resolve(root, file))
  return {
    file: inside.startsWith('..') ? resolve(file) : inside,
    ...(limit === undefined ? {} : { limit }),
    ...(tags ? { tags } : {}),
    ...(from === undefined ? {} : { from }),
    ...(until === undefined ? {} : { until }),
    ...(prune ? { prune } : {}),
    ...(without === undefined ? {} : { without }),
    ...withoutSecrets(set ?? []),
  }
}

interface Loaded {
  readonly playbook: Playbook
  readonly inventory: Inventory
  readonly secrets: Secrets
}

async function load(file: string, flags: RunFlags): Promise<Loaded> {
  const playbook = await loadPlaybook(file, root)
  const { set = [], without } = flags
  const inventory = loadInventory(flags.inventory, { set, ...(without === undefined ? {} : { without }) })
  // Before anything is made for the run (a password), and before the first connection.
  limitOf(flags.limit, inventory, playbook)
  phasesOf(playbook, flags)
  const roles = [...new Set(playbook.plays.flatMap((play) => play.roles))]
  const owners = [...new Set(roles.flatMap((role) => [role, ...Object.values(role.shared)]))]
  checkRoles(inventory, owners, roleNames())
  for (const play of playbook.plays)
    for (const host of inventory.select(play.on))
      for (const role of play.roles)
        role.check({ vars: inventory.varsFor(host, role), shared: sharedVarsOf(inventory, host, role) })
  return { playbook, inventory, secrets: await openSecrets(playbook, inventory) }
}

async function perform(
  { playbook, inventory, secrets }: Loaded,
  flags: RunFlags,
  options: Pick<RunOptions, 'mode'> & Partial<RunOptions>,
): Promise<RunResult> {
  const report = await createReport(kindOf(flags), {
    write: (text) => process.stdout.write(text),
    color: useColor(),
    verbose: flags.verbose === true,
  })
  const connector = connectorFor(
    flags,
    (name) => inventory.select('all').find((h) => h.name === name),
    report.settle,
  )
  const id = runId()
  let hasBegun = false
  const goOn = `provision resume ${id} --inventory ${flags.inventory}`
  using stop = guardedFromSignals({
    first: () =>
      hasBegun ? 'interrupted: the step in hand is finished first; once more leaves at once' : 'interrupted',
    second: () =>
      hasBegun
        ? `left at once: a step may still run on its host. To go on: ${goOn}`
        : 'left at once: nothing was changed',
  })
  let turn: Promise<unknown> = Promise.resolve()
  let result: RunResult
  try {
    result = await run({
      playbook,
      inventoryFile: flags.inventory,
      hostsOf: (play) => inventory.select(play.on),
      varsOf: (host, role) => inventory.varsFor(host, role),
      sharedOf: secrets.sharedOf,
      secretsOf: secrets.secretsOf,
      connect: connector.connect,
      report(event) {
        if (event.type === 'play') hasBegun = true
        report.report(hideIn(event))
      },
      whereOf: (host) => inventory.whereOf(host),
      diff: flags.diff === true,
      limit: limitOf(flags.limit, inventory, playbook),
      phases: phasesOf(playbook, flags),
      tags: flags.tags ? new Set(flags.tags) : undefined,
      absentOf: flags.prune ? (await import('../resources/absent.ts')).absentOf : undefined,
      root,
      signal: stop.signal,
      id,
      startedAt: new Date().toISOString(),
      who: `${userInfo().username}@${hostname()} pid ${process.pid}`,
      commit: commitOf,
      ...options,
      approve(...plan) {
        // One question at a time: several hosts may need an answer at once.
        const answer = turn.then(async () => {
          await report.settle()
          return (await options.approve?.(...plan)) ?? true
        })
        turn = answer.catch(() => undefined)
        return answer
      },
    })
  } finally {
    connector.close()
    await report.close()
  }
  if (result.interrupted) console.error(hasBegun ? `to go on: ${goOn}` : 'interrupted: nothing was changed')
  return result
}

/** The day and time, and a few letters for runs of the same second: `20270131-030000-x7k2`. */
function runId(): string {
  const [day = '', time = ''] = new Date().toISOString().replaceAll(/[-:]/g, '').split(/[T.]/)
  return `${day}-${time}-${Math.random().toString(36).slice(2, 6).padEnd(4, '0')}`
}

function exitCodeOf(result: RunResult): number {
  if (result.interrupted) return 130
  if (result.unreachable) return 3
  if (result.badInput) return 4
  return result.failed ? 1 : 0
}

function show(flags: RunFlags, unseen: readonly string[] = []): (plans: readonly HostPlan[]) => void {
  return (plans) =>
    process.stdout.write(
      `${formatPlan(hideIn(plans), { diff: flags.diff === true, color: useColor(), unseen })}\n`,
    )
}

function kindOf(flags: RunFlags): string {
  return outputKind(flags.output, process.stdout.isTTY === true)
}

function useColor(): boolean {
  return process.stdout.isTTY === true && !process.env.NO_COLOR
}
