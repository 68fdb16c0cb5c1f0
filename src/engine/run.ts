import { CommandError, RefusedError } from '../errors.ts'
import type { HostPlan, HostSummary } from '../model/event.ts'
import type { Host } from '../model/host.ts'
import { change } from './change.ts'
import { detail } from './detail.ts'
import { eachHost, fail, guarded } from './guard.ts'
import { journalProbe } from './journal.ts'
import { glance } from './observe.ts'
import type { RunOptions, RunResult } from './options.ts'
import { addOrphans } from './orphans.ts'
import { type Due, due, hostPlan, type Wanted } from './plan.ts'
import { interruptedBy, noted, refuseLoss, untilSettled } from './quorum.ts'
import { gatherFacts, openSession, rehearse, wantedBy } from './scene.ts'
import { emptyPlays, mustKnowTags } from './selection.ts'
import { ask, type Session } from './session.ts'

export type { RunOptions, RunResult } from './options.ts'

/** Probe → plan → apply → prove, over all hosts and plays of a playbook. */
export async function run(options: RunOptions): Promise<RunResult> {
  const { playbook, report } = options
  const started = performance.now()
  const plays = playbook.plays.map((play) => ({ play, hosts: options.hostsOf(play) }))
  const hosts = [...new Set(plays.flatMap(({ hosts }) => hosts))]
  report({
    type: 'start',
    command: options.mode,
    playbook: playbook.name,
    inventory: options.inventoryFile,
    hosts: hosts.map((h) => h.name),
  })
  for (const text of emptyPlays(plays.map(({ play, hosts }) => ({ play, count: hosts.length }))))
    report({ type: 'notice', text: `${text} selects no host: it is left out` })
  rehearse(hosts, options)
  const unreachable = new Set<Host>()
  const sessions = (
    await Promise.all(
      hosts.map((host) =>
        guarded(
          host.name,
          options,
          () => openSession(host, options),
          () => unreachable.add(host),
        ),
      ),
    )
  ).filter((s) => s !== undefined)
  for (const s of sessions) s.cluster = sessions
  const plans: HostPlan[] = []
  let interrupted = false
  try {
    await eachHost(sessions, options, (s) => gatherFacts(s, playbook, options))
    for (const s of sessions) if (!s.failed) s.wanted = wantedBy(s, sessions, options)
    // What could not be looked at may have what a tag means.
    if (unreachable.size === 0 && !sessions.some((s) => s.failed))
      mustKnowTags(
        options.tags,
        playbook,
        sessions.flatMap((s) => s.wanted.map((w) => w.resource)),
      )
    await eachHost(sessions, options, (s) => observe(s, options))
    await untilSettled(sessions, options)
    for (const s of sessions) {
      if (s.failed) continue
      const plan = await planned(s, sessions, options)
      if (!plan) continue
      plans.push(plan)
      report({ type: 'planned', plan })
    }
    if (options.mode === 'run') await change(sessions, plans, unreachable.size > 0, options)
  } catch (error) {
    if (!options.signal.aborted) throw error
    interrupted = true
  } finally {
    await Promise.all(sessions.map((s) => s.transport[Symbol.asyncDispose]()))
  }
  interrupted ||= options.signal.aborted
  const summary = hosts.map((host) =>
    summaryOf(
      host,
      sessions.find((s) => s.host === host),
    ),
  )
  report({ type: 'end', hosts: summary, ms: performance.now() - started, interrupted })
  return {
    plans,
    hosts: summary,
    sessions,
    unreachable: summary.some((h) => h.status === 'unreachable'),
    failed: summary.some((h) => h.status === 'failed'),
    badInput: sessions.some((s) => s.badInput),
    interrupted,
  }
}

async function observe(s: Session, options: RunOptions): Promise<void> {
  const { playbook, report } = options
  const started = performance.now()
  const look = glance(
    s.wanted.map((w) => w.resource),
    options.root,
  )
  const journal = journalProbe(playbook.name)
  const outputs = await ask(s, [...look.parts, { script: journal.script }], report)
  s.states = look.match(outputs, s.host.name)
  const notes = outputs.at(-1)
  if (!notes) throw new CommandError({ host: s.host.name, what: 'reading the journal gave no answer' })
  s.journal = journal.parse(notes, [])
  if (options.absentOf) await addOrphans(s, options.absentOf, options)
  report({ type: 'observed', host: s.host.name, ms: performance.now() - started, resources: s.wanted.length })
}

async function planned(
  s: Session,
  sessions: readonly Session[],
  options: RunOptions,
): Promise<HostPlan | undefined> {
  return guarded(
    s.host.name,
    options,
    async () => {
      const dues = due(s.wanted, s.states, s.journal.owed, options.root)
      const held = s.wanted.length - dues.length
      s.checked = checksIn(s.wanted) - checksIn(dues)
      s.ok = held - s.checked
      if (options.mode === 'run') refuseUnmet(s, dues)
      s.interrupts = interruptedBy(s, dues)
      refuseLoss(s, s.interrupts, sessions)
      const shown = options.diff ? await detail(s, dues, options.report) : dues
      return noted(hostPlan(s.host.name, s.wanted, shown, s.journal), s.interrupts)
    },
    (error) => fail(s, error),
  )
}

function checksIn(list: readonly Wanted[]): number {
  return list.filter((w) => w.resource.kind.verifies).length
}

/** What must hold beforehand and does not ends the run here, before anything is changed. */
function refuseUnmet(s: Session, dues: readonly Due[]): void {
  const unmet = dues.filter((d) => d.selected && d.resource.kind.precondition)
  if (unmet.length === 0) return
  const text = unmet.map(({ step }) => {
    const [change] = step.changes
    return `${step.id}: found ${change?.from}, needs ${change?.to}`
  })
  throw new RefusedError({
    host: s.host.name,
    where: unmet[0]?.step.where,
    what: 'does not meet what this run needs; nothing was changed',
    why: text.join('\n'),
    next: [...new Set(unmet.map(({ resource }) => resource.kind.advice?.(resource.desired)))].join('; '),
  })
}

function summaryOf(host: Host, s: Session | undefined): HostSummary {
  const status =
    !s || s.unreachable
      ? 'unreachable'
      : s.failed
        ? 'failed'
        : s.changed > 0
          ? 'changed'
          : s.skipped > 0
            ? 'skipped'
            : 'ok'
  return {
    host: host.name,
    status,
    resources: s?.wanted.length ?? 0,
    ok: s?.ok ?? 0,
    changed: s?.changed ?? 0,
    checked: s?.checked ?? 0,
    failed: status === 'failed' ? 1 : 0,
    skipped: s?.skipped ?? 0,
    roundTrips: s?.roundTrips ?? 0,
  }
}
