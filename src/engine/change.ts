import { RefusedError } from '../errors.ts'
import { keyOf } from '../model/begun.ts'
import type { HostPlan } from '../model/event.ts'
import { eachHost, unlessInterrupted } from './guard.ts'
import { forgetBegun, isInHand, lockScript, noteBegun, runIn } from './journal.ts'
import { lookAtAll } from './look.ts'
import type { Moment, RunOptions } from './options.ts'
import { playAll, skip } from './play.ts'
import { forgetEarlier, keepLists, noteOf, prove, recordFailure } from './prove.ts'
import { movedSince, savedHosts } from './saved-plan.ts'
import { ask, type Session } from './session.ts'

/** Makes what was planned so: approval, a lock on every host that changes, the plays, the proof, the record. */
export async function change(
  sessions: readonly Session[],
  planned: readonly HostPlan[],
  missing: boolean,
  options: RunOptions,
): Promise<void> {
  if (isIncomplete(sessions, missing, options)) return
  const wasAsked = await agreeTo(planned, 'plan', sessions, options)
  const locks = new Map<Session, Lock>()
  try {
    if (await isLocked(sessions, planned, wasAsked, missing, locks, options))
      await makeSo(sessions, [...locks.keys()], options)
  } finally {
    await Promise.all([...locks.values()].map((held) => held.release()))
  }
}

/** Locks, and is sure of the plan. Where nothing comes of it, no host keeps a note of this run. */
async function isLocked(
  sessions: readonly Session[],
  planned: readonly HostPlan[],
  wasAsked: boolean,
  missing: boolean,
  locks: Map<Session, Lock>,
  options: RunOptions,
): Promise<boolean> {
  let isReady = false
  try {
    isReady =
      (await lockAll(sessions, planned, wasAsked, locks, options)) &&
      !isIncomplete(sessions, missing, options)
    return isReady
  } finally {
    if (!isReady) await forgetNotes(locks, options)
  }
}

async function forgetNotes(locks: ReadonlyMap<Session, Lock>, { asked, report }: RunOptions): Promise<void> {
  if (!asked) return
  const key = keyOf(asked)
  // A note of an earlier run of the same kind was there before: what that one left is still to be done.
  const noted = [...locks].filter(([s, held]) => !held.moved && !s.journal.begun.includes(key))
  await Promise.allSettled(noted.map(([s]) => ask(s, [{ script: forgetBegun(key) }], report)))
}

function isIncomplete(sessions: readonly Session[], missing: boolean, options: RunOptions): boolean {
  const mustStop = options.playbook.plays.some((p) => (p.onFailure ?? 'stop') === 'stop')
  if (!mustStop || !(missing || sessions.some((s) => s.failed))) return false
  const text = 'nothing was changed: not every host could be planned, and the plan is for all'
  options.report({ type: 'notice', text })
  return true
}

/** Gives true where a person was asked: time has passed meanwhile. Throws RefusedError at a no. */
async function agreeTo(
  plans: readonly HostPlan[],
  moment: Moment,
  sessions: readonly Session[],
  options: RunOptions,
  moved: readonly string[] = [],
): Promise<boolean> {
  const answer = await options.approve(plans, moment, moved)
  if (!answer) throw new RefusedError({ what: 'not approved: nothing was changed' })
  for (const s of sessions) {
    const steps = plans.find((p) => p.host === s.host.name)?.steps ?? []
    s.approved = new Set(steps.filter((step) => step.selected).flatMap((step) => step.risks))
  }
  return answer === 'asked'
}

/**
 * Locks every host that changes. Where another run has been there since the look, or a person has taken the time to read the
 * plan, all hosts are looked at once more under the lock; a plan that has moved is agreed to again. Costs nothing where
 * neither is the case. Gives false where that look left hosts without a plan.
 */
async function lockAll(
  sessions: readonly Session[],
  planned: readonly HostPlan[],
  wasAsked: boolean,
  locks: Map<Session, Lock>,
  options: RunOptions,
): Promise<boolean> {
  let plans = planned
  let isStale = wasAsked
  let isNoted = !wasAsked
  for (;;) {
    const added = touchedBy(plans, sessions).filter((s) => !locks.has(s))
    const taken = await Promise.allSettled(added.map((s) => lock(s, isStale, options)))
    taken.forEach((result, i) => {
      const s = added[i]
      if (s && result.status === 'fulfilled') locks.set(s, result.value)
    })
    const busy = taken.find((result) => result.status === 'rejected')
    if (busy) throw busy.reason
    if (added.some((s) => locks.get(s)?.moved)) isStale = true
    if (!isStale) break
    isStale = false
    isNoted = false
    const now = await unlessInterrupted(options, lookAtAll(sessions, options))
    if (now.length < plans.length) return false
    const moved = movedSince(savedHosts(plans), now)
    if (moved.length === 0) break
    plans = now
    options.report({
      type: 'notice',
      text: `the hosts have changed since the plan was made:\n${moved.join('\n')}`,
    })
    for (const plan of plans) options.report({ type: 'planned', plan })
    await agreeTo(plans, 'moved', sessions, options, moved)
  }
  if (!isNoted) await noteAll([...locks.keys()], options)
  return true
}

/** What a lock that was still in doubt has not noted. */
async function noteAll(touched: readonly Session[], options: RunOptions): Promise<void> {
  const note = noteOf(options)
  if (note) await Promise.all(touched.map((s) => ask(s, [{ script: noteBegun(note) }], options.report)))
}

function touchedBy(plans: readonly HostPlan[], sessions: readonly Session[]): readonly Session[] {
  const names = new Set(plans.filter((p) => p.steps.some((step) => step.selected)).map((p) => p.host))
  return sessions.filter((s) => names.has(s.host.name))
}

async function makeSo(
  sessions: readonly Session[],
  touched: readonly Session[],
  options: RunOptions,
): Promise<void> {
  if (touched.length === 0) {
    await keepLists(sessions, options)
    return await forgetEarlier(sessions, options)
  }
  try {
    await playAll(touched, options)
    await eachHost(touched, options, (s) => prove(s, options))
  } finally {
    for (const s of touched) skip(s, options)
    await Promise.all(touched.map((s) => recordFailure(s, options)))
  }
  // Where a host failed, the rest is still to do everywhere.
  if (!sessions.some((s) => s.failed))
    await forgetEarlier(
      sessions.filter((s) => !touched.includes(s)),
      options,
    )
}

interface Lock {
  /** Another run has held it since the host was looked at. */
  readonly moved: boolean
  release(): Promise<void>
}

async function lock(s: Session, isStale: boolean, options: RunOptions): Promise<Lock> {
  // In doubt nothing is noted yet: nothing may come of this run.
  const seen = isStale || s.turn === undefined || isInHand(s.turn) ? '' : s.turn
  const first = await held(s, options, seen)
  let { release } = first
  s.relock = async () => {
    ;({ release } = await held(s, options))
  }
  return { moved: first.line === 'moved', release: () => release() }
}

async function held(
  s: Session,
  options: RunOptions,
  seen?: string,
): Promise<{ readonly line: string; release(): Promise<void> }> {
  const { who, startedAt, id, playbook } = options
  const what = `since ${startedAt}, for the playbook ${playbook.name} ${runIn(id)}`
  const { line, release } = await s.transport.hold(lockScript(who, what, noteOf(options), seen))
  if (line === 'locked' || line === 'moved') return { line, release }
  await release()
  throw new RefusedError({
    host: s.host.name,
    what: `another run holds the lock of this host: ${line.replace(/^busy /, '')}`,
    next: 'wait for it to end; the lock goes with its connection (within a minute, where its machine is gone), there is nothing to remove by hand',
  })
}
