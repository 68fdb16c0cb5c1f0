import { CommandError, RefusedError } from '../errors.ts'
import type { HostPlan } from '../model/event.ts'
import { detail } from './detail.ts'
import { eachHost, fail, guarded } from './guard.ts'
import { journalProbe, turnScript } from './journal.ts'
import { glance } from './observe.ts'
import type { RunOptions } from './options.ts'
import { addOrphans } from './orphans.ts'
import { type Due, due, hostPlan, type Wanted } from './plan.ts'
import { interruptedBy, noted, refuseLoss, untilSettled } from './quorum.ts'
import { gatherFacts, wantedBy } from './scene.ts'
import { mustKnowTags } from './selection.ts'
import { ask, type Session } from './session.ts'

/** Facts, wishes, states, plans: what all hosts are, and what would be changed. Hosts that fail have no plan. */
export async function lookAtAll(
  sessions: readonly Session[],
  options: RunOptions,
): Promise<readonly HostPlan[]> {
  for (const s of sessions) s.turn = undefined
  await eachHost(sessions, options, (s) => gatherFacts(s, options.playbook, options))
  for (const s of sessions) if (!s.failed) s.wanted = wantedBy(s, sessions, options)
  mustKnow(sessions, options)
  await eachHost(sessions, options, (s) => observe(s, options))
  await untilSettled(sessions, options)
  const plans: HostPlan[] = []
  for (const s of sessions) {
    const plan = s.failed ? undefined : await planned(s, sessions, options)
    if (plan) plans.push(plan)
  }
  return plans
}

/** Tags that nothing has, once all that could have them is known: a host that could not be looked at may have what a tag means. */
function mustKnow(sessions: readonly Session[], options: RunOptions): void {
  const hosts = new Set(options.playbook.plays.flatMap((play) => options.hostsOf(play)))
  if (sessions.length < hosts.size || sessions.some((s) => s.failed)) return
  mustKnowTags(
    options.tags,
    options.playbook,
    sessions.flatMap((s) => s.wanted.map((w) => w.resource)),
  )
}

async function observe(s: Session, options: RunOptions): Promise<void> {
  const { playbook, report } = options
  const started = performance.now()
  const look = glance(
    s.wanted.map((w) => w.resource),
    options.root,
  )
  const journal = journalProbe(playbook.name)
  const parts = [{ script: turnScript }, ...look.parts, { script: journal.script }]
  const [turn, ...outputs] = await ask(s, parts, report)
  // Where facts were asked for, it was read before them.
  s.turn ??= turn?.stdout.trim()
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
