import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError, ConnectError, lastLines, RefusedError } from '../errors.ts'
import type { Reporter, Step } from '../model/event.ts'
import { limitOf } from '../model/kind.ts'
import { idOf, type Resource } from '../model/resource.ts'
import type { Transport } from '../model/transport.ts'
import { lines, type Script, sh } from '../shell/sh.ts'
import { answersFor } from './answers.ts'
import { beginStep, clearOwed, markOf, noteOwed, owedMarks } from './journal.ts'
import { glance } from './observe.ts'
import type { RunOptions } from './options.ts'
import { type Due, due, triggers, type Wanted } from './plan.ts'
import { ask, type Session } from './session.ts'
import { transfer } from './transfer.ts'
import { askKind } from './users-kind.ts'

/** How long a host may take to be back: a server's firmware alone may need minutes. */
const rebootLimitMs = 15 * 60_000

export interface ApplyOptions {
  readonly report: Reporter
  readonly root: string
  readonly signal: AbortSignal
  /** The run's own name: no step begins under another run's lock. */
  readonly id: string
  readonly approve: RunOptions['approve']
}

/**
 * Brings one host's resources to what they should be, in written order: one exec for each run of neighbours of one
 * kind. An observation is believed until the first write; each write brings a new look at all that is still ahead.
 */
export async function applyHost(
  session: Session,
  play: readonly Wanted[],
  options: ApplyOptions,
): Promise<void> {
  let rest = play
  while (rest.length > 0) {
    options.signal.throwIfAborted()
    const todo = nextRun(due(rest, session.states, session.journal.owed, options.root))
    const last = todo.at(-1)
    if (!last) return
    rest = rest.slice(rest.findIndex((w) => w.resource === last.resource) + 1)
    try {
      await applyRun(session, todo, rest, options)
    } catch (error) {
      session.skipped += rest.filter((w) => w.selected).length
      throw error
    }
  }
}

/** The first selected resource that is due, and its due neighbours of the same kind. */
function nextRun(dues: readonly Due[]): readonly Due[] {
  const selected = dues.filter((d) => d.selected)
  const kind = selected[0]?.resource.kind
  const end = selected.findIndex((d) => d.resource.kind !== kind)
  return end < 0 ? selected : selected.slice(0, end)
}

async function applyRun(
  session: Session,
  todo: readonly Due[],
  rest: readonly Wanted[],
  options: ApplyOptions,
): Promise<void> {
  const { report } = options
  const host = session.host.name
  const [first] = todo
  if (!first) return
  const { kind } = first.resource
  const steps = todo.map((d) => d.step)
  const started = performance.now()
  await mustBeApproved(session, steps, options)
  report({ type: 'applying', host, steps })
  const planned = await Promise.all(
    todo.map(async (d) => ({
      desired: d.resource.desired,
      actual: d.actual,
      changes: d.step.changes,
      answers: await answersFor(session, d.resource.asks, report),
    })),
  )

  for (const p of planned) {
    const way = kind.transfer?.(p)
    if (way) await transfer(session, way, report)
  }
  const ahead = kind.reboots ? [] : rest
  const look = glance(ahead.map((w) => w.resource))
  const parts = [
    { script: lines([beginStep(options.id), noteOwed(dependants(todo, rest))]) },
    {
      script: askKind(
        'apply',
        kind,
        todo.map((d) => d.resource),
        options.root,
        () => kind.apply(planned),
      ),
      isolated: true,
    },
    { script: sh`if [ "$code" = 0 ]; then ${clearOwed(todo.map((d) => d.resource))}; fi` },
    ...look.parts,
  ]
  const timeoutMs = limitOf(kind, planned)
  const [begun, applied, , ...outputs] = await ask(session, parts, report, timeoutMs)
  if (applied?.code !== 0) throw failure(host, await unsettled(session, todo, options), applied)
  if (kind.confirm) await confirm(session, kind.confirm(planned), report)
  if (kind.reboots) await reconnect(session)

  const looked = kind.reboots ? await lookAgain(session, rest, report) : look.match(outputs, host)
  session.states = new Map([...session.states, ...looked])
  // A dead run's step may have ended since the host was observed: what it owes was noted by it alone.
  const owed = new Map([...owedMarks(begun?.stdout ?? ''), ...session.journal.owed])
  session.journal = { ...session.journal, owed }
  remember(session, todo, rest)
  report({ type: 'applied', host, steps, ms: performance.now() - started })
}

/** A risk that this host's plan did not have is asked about before it is taken. */
async function mustBeApproved(
  session: Session,
  steps: readonly Step[],
  options: ApplyOptions,
): Promise<void> {
  const risks = steps.flatMap((step) => step.risks).filter((risk) => risk !== 'restart')
  if (risks.every((risk) => session.approved.has(risk))) return
  const plan = { host: session.host.name, steps, resources: steps.length, orphans: [] }
  if (!(await options.approve([plan], 'late')))
    throw new RefusedError({
      host: session.host.name,
      where: steps[0]?.where,
      what: `not approved: ${steps.map((step) => step.id).join(', ')} was not begun`,
      next: 'what was done before stays done; provision plan shows what is left',
    })
  session.approved = new Set([...session.approved, ...risks])
}

/** Keeps the counts, and which of those ahead are owed an action by what has just changed. */
function remember(session: Session, todo: readonly Due[], rest: readonly Wanted[]): void {
  const owed = new Map(session.journal.owed)
  for (const d of todo) {
    owed.delete(markOf(d.resource))
    if (d.step.verifies) session.checked++
    else {
      session.changed++
      session.done.push(d.step.id)
    }
  }
  for (const r of dependants(todo, rest)) {
    const causes = todo
      .filter(stirring)
      .map((d) => d.step.id)
      .filter((id) => r.triggers.some((t) => idOf(t) === id))
    owed.set(markOf(r), [...(owed.get(markOf(r)) ?? []), ...causes])
  }
  session.journal = { ...session.journal, owed }
}

/** After a failed step: which of it have come about all the same is counted, the others are what failed. */
async function unsettled(
  session: Session,
  todo: readonly Due[],
  options: ApplyOptions,
): Promise<readonly Due[]> {
  const states = await lookAgain(session, todo, options.report).catch(() => undefined)
  if (!states) return todo
  const still = new Set(due(todo, states, new Map(), options.root).map((d) => d.step.id))
  const settled = todo.filter((d) => !still.has(d.step.id))
  remember(session, settled, [])
  return still.size > 0 ? todo.filter((d) => still.has(d.step.id)) : todo
}

function stirring(d: Due): boolean {
  return triggers(d.resource, d.step.changes)
}

function dependants(todo: readonly Due[], rest: readonly Wanted[]): readonly Resource[] {
  const changing = new Set(todo.filter(stirring).map((d) => d.step.id))
  return rest.map((w) => w.resource).filter((r) => r.triggers.some((t) => changing.has(idOf(t))))
}

/** Looks at some of a host's resources again, and believes what it sees. */
export async function refresh(session: Session, wanted: readonly Wanted[], report: Reporter): Promise<void> {
  session.states = new Map([...session.states, ...(await lookAgain(session, wanted, report))])
}

/** Observes again what lies ahead. */
export async function lookAgain(session: Session, rest: readonly Wanted[], report: Reporter) {
  const look = glance(rest.map((w) => w.resource))
  return look.match(await ask(session, look.parts, report), session.host.name)
}

/** Only a new connection proves that one can still get in: an established one would hide a rule that shuts the door. */
async function confirm(session: Session, script: ReturnType<typeof sh>, report: Reporter): Promise<void> {
  let link: Transport
  try {
    link = await session.transport.fresh()
  } catch (cause) {
    const back = await backAgain(session)
    throw new CommandError({
      host: session.host.name,
      what: 'after the change no new SSH connection could be opened',
      why: `${cause instanceof Error ? cause.message : String(cause)}\n${
        back
          ? 'the host has rolled back by itself and is reachable again'
          : 'the host has not come back yet; its rollback timer may still run'
      }`,
      next: 'nothing was made to last: mend the firewall rules in the inventory and plan again',
      cause,
    })
  }
  await using _ = link
  const output = await link.exec(script)
  session.roundTrips++
  report({ type: 'exec', host: session.host.name, shown: script.shown, code: output.code, ms: 0 })
  if (output.code !== 0)
    throw new CommandError({
      host: session.host.name,
      what: 'the change could not be made to last and will roll back by itself',
      why: lastLines(output.stderr),
    })
}

async function backAgain(session: Session): Promise<boolean> {
  const limit = performance.now() + 120_000
  while (performance.now() < limit) {
    try {
      session.transport = await session.transport.fresh()
      return true
    } catch {
      await sleep(1000)
    }
  }
  return false
}

async function reconnect(session: Session): Promise<void> {
  const bootId = sh`cat /proc/sys/kernel/random/boot_id`
  const before = (await session.transport.exec(bootId)).stdout
  session.transport = await linkAfterBoot(session, bootId, before)
  // The lock went with the connection that the reboot has ended.
  await session.relock?.()
}

async function linkAfterBoot(session: Session, bootId: Script, before: string): Promise<Transport> {
  const limit = performance.now() + rebootLimitMs
  while (performance.now() < limit) {
    await sleep(1000)
    try {
      const link = await session.transport.fresh()
      if ((await link.exec(bootId)).stdout !== before) return link
      await link[Symbol.asyncDispose]()
    } catch {
      // Not back yet; the limit above bounds the wait.
    }
  }
  throw new ConnectError({
    host: session.host.name,
    what: `did not come back in ${rebootLimitMs / 60_000} minutes after the reboot`,
  })
}

function failure(
  host: string,
  todo: readonly Due[],
  output: { code: number; stdout: string; stderr: string } | undefined,
) {
  const ids = todo.map((d) => d.step.id)
  return new CommandError({
    host,
    where: todo[0]?.step.where,
    what: `${ids.slice(0, 3).join(', ')}${ids.length > 3 ? ` and ${ids.length - 3} more` : ''} failed with exit code ${output?.code ?? '?'}`,
    why: lastLines([output?.stdout, output?.stderr].filter(Boolean).join('\n')),
    next: 'what was done stays done; mend the cause and run again: the rest, and every restart that is owed, follows',
  })
}
