import type { Play } from '../model/playbook.ts'
import { idOf } from '../model/resource.ts'
import { applyHost, refresh } from './apply.ts'
import { eachHost } from './guard.ts'
import type { RunOptions } from './options.ts'
import { type Due, due, type Wanted } from './plan.ts'
import { prove } from './prove.ts'
import { inOrder, interruptedBy, lookAtMembers, stepDown, untilBack, wantsLeaderFirst } from './quorum.ts'
import type { Session } from './session.ts'

/** Runs the plays one after another; each on its hosts at once, or in batches where it is rolling. */
export async function playAll(sessions: readonly Session[], options: RunOptions): Promise<void> {
  for (const [index, play] of options.playbook.plays.entries()) {
    const members = sessions.filter(
      (s) => !s.failed && s.wanted.some((w) => w.playIndex === index && w.selected),
    )
    if (members.length > 0) await playOn(members, play, index, options)
    if (stops(play) && sessions.some((s) => s.failed)) return
  }
}

/** What a run that stopped early left undone on a host. */
export function skip(s: Session, { report }: RunOptions): void {
  if (s.failed) return
  const left = s.wanted.filter((w) => w.selected && !s.applied.has(w.playIndex))
  if (left.length === 0) return
  s.skipped += left.length
  const ids = left.map((w) => idOf(w.resource))
  report({ type: 'skipped', host: s.host.name, ids, reason: 'the run stopped before them' })
}

async function playOn(
  members: readonly Session[],
  play: Play,
  index: number,
  options: RunOptions,
): Promise<void> {
  options.report({ type: 'play', name: play.name ?? play.on, hosts: members.map((s) => s.host.name) })
  const size = play.rolling ?? members.length
  // In a rolling play, too, whoever leads what is interrupted comes last.
  const ordered = inOrder(
    members,
    members.flatMap((s) => s.interrupts),
    false,
  )
  for (let i = 0; i < ordered.length; i += size) {
    const group = ordered.slice(i, i + size)
    const isLater = i > 0
    const [careful, others] = await divided(group, index, isLater, options)
    await eachHost(others, options, (s) => playHere(s, play, index, isLater, options))
    if (stops(play) && group.some((s) => s.failed)) return
    await oneByOne(careful, play, index, options)
    // The gate: in a rolling play the next hosts wait until these hold all that they should.
    if (play.rolling !== undefined) await eachHost(group, options, (s) => prove(s, options, index))
    if (stops(play) && group.some((s) => s.failed)) return
    options.signal.throwIfAborted()
  }
}

/** Hosts where this play takes a member of a quorum down, and the others, who may go all at once. */
async function divided(
  group: readonly Session[],
  index: number,
  isLater: boolean,
  options: RunOptions,
): Promise<readonly [readonly Session[], readonly Session[]]> {
  if (group.every((s) => s.interrupts.length === 0)) return [[], group]
  // Earlier plays may have been what this one waited for: what it takes down is known only now.
  if (isLater || index > 0)
    await eachHost(group, options, (s) => refresh(s, wantedIn(s, index), options.report))
  const isCareful = (s: Session) => interruptedBy(s, duesOf(s, index, options)).length > 0
  return [group.filter(isCareful), group.filter((s) => !isCareful(s))]
}

async function oneByOne(
  careful: readonly Session[],
  play: Play,
  index: number,
  options: RunOptions,
): Promise<void> {
  // An earlier play may have moved a lead.
  await eachHost(careful, options, (s) => lookAtMembers([s], options))
  const leaderFirst = careful.some((s) => wantsLeaderFirst(duesOf(s, index, options)))
  const down = careful.flatMap((s) => interruptedBy(s, duesOf(s, index, options)))
  for (const s of inOrder(careful, down, leaderFirst)) {
    await eachHost([s], options, async () => {
      await refresh(s, wantedIn(s, index), options.report)
      const names = interruptedBy(s, duesOf(s, index, options))
      if (names.length > 0) await stepDown(s, names, s.cluster, options, leaderFirst)
      await playHere(s, play, index, true, options)
      await untilBack(s, names, options)
    })
    if (s.failed) return
    options.signal.throwIfAborted()
  }
}

function duesOf(s: Session, index: number, { root }: RunOptions): readonly Due[] {
  return due(wantedIn(s, index), s.states, s.journal.owed, root)
}

function wantedIn(s: Session, index: number): readonly Wanted[] {
  return s.wanted.filter((w) => w.playIndex === index)
}

async function playHere(
  s: Session,
  play: Play,
  index: number,
  isLater: boolean,
  options: RunOptions,
): Promise<void> {
  // Other plays and hosts have written since: what was seen before them is believed no longer.
  if (isLater || index > 0) await refresh(s, wantedIn(s, index), options.report)
  await applyHost(s, wantedIn(s, index), options)
  s.applied.add(index)
  options.report({ type: 'played', host: s.host.name, name: play.name ?? play.on })
}

function stops(play: Play): boolean {
  return (play.onFailure ?? 'stop') === 'stop'
}
