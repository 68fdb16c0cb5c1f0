import type { Play } from '../model/playbook.ts'
import { idOf } from '../model/resource.ts'
import { applyHost, lookAgain } from './apply.ts'
import { eachHost } from './guard.ts'
import type { RunOptions } from './options.ts'
import { prove } from './prove.ts'
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
  for (let i = 0; i < members.length; i += size) {
    const group = members.slice(i, i + size)
    await eachHost(group, options, async (s) => {
      await playHere(s, index, i > 0, options)
      options.report({ type: 'played', host: s.host.name, name: play.name ?? play.on })
    })
    // The gate: in a rolling play the next hosts wait until these hold all that they should.
    if (play.rolling !== undefined) await eachHost(group, options, (s) => prove(s, options, index))
    if (stops(play) && group.some((s) => s.failed)) return
    options.signal.throwIfAborted()
  }
}

async function playHere(s: Session, index: number, isLater: boolean, options: RunOptions): Promise<void> {
  const wanted = s.wanted.filter((w) => w.playIndex === index)
  // Other plays and hosts have written since: what was seen before them is believed no longer.
  if (isLater || index > 0) s.states = new Map([...s.states, ...(await lookAgain(s, wanted, options.report))])
  await applyHost(s, wanted, options)
  s.applied.add(index)
}

function stops(play: Play): boolean {
  return (play.onFailure ?? 'stop') === 'stop'
}
