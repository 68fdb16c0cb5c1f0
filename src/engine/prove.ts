import { RefusedError } from '../errors.ts'
import { type Begun, keyOf } from '../model/begun.ts'
import { limitOf } from '../model/kind.ts'
import { idOf } from '../model/resource.ts'
import type { RunRecord } from '../model/run-record.ts'
import { toJson } from '../secret/secret.ts'
import { lines, sh } from '../shell/sh.ts'
import { eachHost } from './guard.ts'
import { forgetBegun, noteBegun, writeJournal } from './journal.ts'
import { glance } from './observe.ts'
import type { RunOptions } from './options.ts'
import { type Due, due } from './plan.ts'
import { ask, type Session } from './session.ts'

/** Looks at everything once more. What still differs is an error of the run: idempotence is checked, not hoped for. */
export async function prove(s: Session, options: RunOptions, playIndex?: number): Promise<void> {
  const started = performance.now()
  const wanted = s.wanted.filter(
    (w) =>
      w.selected &&
      !w.resource.kind.precondition &&
      s.applied.has(w.playIndex) &&
      (playIndex === undefined || w.playIndex === playIndex),
  )
  const look = glance(wanted.map((w) => w.resource))
  const isWhole = playIndex === undefined
  const journal = writeJournal(
    options.playbook.name,
    managedBy(s),
    isWhole ? recordOf(s, options) : undefined,
  )
  // In the same breath as the record; a proof that fails puts the note back.
  const isOver = isWhole && options.asked !== undefined && !s.cluster.some((other) => other.failed)
  const note = isOver && options.asked ? forgetBegun(keyOf(options.asked)) : sh`:`
  const [, ...outputs] = await ask(s, [{ script: lines([journal, note]) }, ...look.parts], options.report)
  s.recorded = isWhole
  const dues = due(wanted, look.match(outputs, s.host.name), new Map(), options.root)
  const [still, ...others] = await waitedFor(s, dues, options)
  if (still) {
    const change = still.step.changes[0]
    throw new RefusedError({
      host: s.host.name,
      where: still.step.where,
      what: `${still.step.id} still differs after it was applied${others.length > 0 ? `, and ${others.length} more` : ''}`,
      why: `${change?.attribute}: is ${toJson(change?.from)}, should be ${toJson(change?.to)}`,
      next: 'something else on the host changes it back, or two resources contradict each other',
    })
  }
  options.report({
    type: 'proved',
    host: s.host.name,
    ms: performance.now() - started,
    resources: wanted.length,
  })
}

/**
 * What only verifies may waver for a moment (a page that comes late, a standby that reconnects): it is waited for, as after
 * the steps before it. Gives what differs still.
 */
async function waitedFor(
  s: Session,
  dues: readonly Due[],
  { report, root }: RunOptions,
): Promise<readonly Due[]> {
  if (dues.length === 0 || dues.some((d) => !d.resource.kind.verifies)) return dues
  for (const kind of new Set(dues.map((d) => d.resource.kind))) {
    const planned = dues
      .filter((d) => d.resource.kind === kind)
      .map((d) => ({ desired: d.resource.desired, actual: d.actual, changes: d.step.changes, answers: [] }))
    await ask(s, [{ script: kind.apply(planned), isolated: true }], report, limitOf(kind, planned))
  }
  const look = glance(dues.map((d) => d.resource))
  return due(dues, look.match(await ask(s, look.parts, report), s.host.name), new Map(), root)
}

/** A run that failed here is in the journal too, as long as the host can still be reached. */
export async function recordFailure(s: Session, options: RunOptions): Promise<void> {
  const note = noteOf(options)
  const isOpen = s.failed && s.recorded && note !== undefined
  const hasRecord = s.recorded || s.done.length === 0
  if (hasRecord && !isOpen) return
  const script = lines([
    hasRecord
      ? sh`:`
      : writeJournal(options.playbook.name, managedBy(s), { ...recordOf(s, options), failed: true }),
    isOpen ? noteBegun(note) : sh`:`,
  ])
  await ask(s, [{ script }], options.report).catch(() => undefined)
}

function recordOf(s: Session, options: RunOptions): RunRecord {
  const { id, startedAt, who, commit, playbook, asked, resumes } = options
  return {
    id,
    startedAt,
    at: new Date().toISOString(),
    who,
    commit: commit?.(),
    playbook: playbook.name,
    changed: s.done,
    asked,
    resumes,
  }
}

/** What a host keeps of a run until it has ended well; undefined where nobody could take it over. */
export function noteOf(options: RunOptions): Begun | undefined {
  const { id, startedAt, who, commit, playbook, asked, resumes } = options
  return asked && { id, startedAt, who, commit: commit?.(), playbook: playbook.name, asked, resumes }
}

/** The list of managed ids is kept true even when nothing else changes; no exec where it is already. */
export async function keepLists(sessions: readonly Session[], options: RunOptions): Promise<void> {
  await eachHost(sessions, options, async (s) => {
    const managed = managedBy(s)
    if (managed.join('\n') === s.journal.managed.join('\n')) return
    await ask(s, [{ script: writeJournal(options.playbook.name, managed, undefined) }], options.report)
  })
}

/** After a run that ended well: what an earlier one of the same kind was asked to do is done on these hosts, too. */
export async function forgetEarlier(sessions: readonly Session[], options: RunOptions): Promise<void> {
  if (!options.asked || sessions.some((s) => s.failed)) return
  const key = keyOf(options.asked)
  const noting = sessions.filter((s) => s.journal.begun.includes(key))
  await eachHost(noting, options, async (s) => {
    await ask(s, [{ script: forgetBegun(key) }], options.report)
  })
}

/**
 * Ids asked for now, then those that are asked for no more: they stay listed as orphans until a run with `--prune`
 * has taken them away, or has forgotten those that cannot be taken away.
 */
function managedBy(s: Session): readonly string[] {
  const pruned = new Set(s.pruned)
  const ids = s.wanted.filter((w) => !w.resource.kind.verifies).map((w) => idOf(w.resource))
  // Sorted: a role that asks in another order than last time is no news for the journal.
  return [...new Set([...ids, ...s.journal.managed])].filter((id) => !pruned.has(id)).sort()
}
