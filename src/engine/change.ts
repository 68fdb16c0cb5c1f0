import { RefusedError } from '../errors.ts'
import type { HostPlan } from '../model/event.ts'
import { eachHost } from './guard.ts'
import { lockScript, runIn } from './journal.ts'
import type { RunOptions } from './options.ts'
import { playAll, skip } from './play.ts'
import { forgetEarlier, keepLists, noteOf, prove, recordFailure } from './prove.ts'
import type { Session } from './session.ts'

/** Makes what was planned so: approval, a lock on every host that changes, the plays, the proof, the record. */
export async function change(
  sessions: readonly Session[],
  plans: readonly HostPlan[],
  missing: boolean,
  options: RunOptions,
): Promise<void> {
  const mustStop = options.playbook.plays.some((p) => (p.onFailure ?? 'stop') === 'stop')
  if ((missing || sessions.some((s) => s.failed)) && mustStop) {
    const text = 'nothing was changed: not every host could be planned, and the plan is for all'
    options.report({ type: 'notice', text })
    return
  }
  if (!(await options.approve(plans))) throw new RefusedError({ what: 'not approved: nothing was changed' })
  const touched = sessions.filter((s) =>
    plans.find((p) => p.host === s.host.name)?.steps.some((step) => step.selected),
  )
  if (touched.length === 0) {
    await keepLists(sessions, options)
    return await forgetEarlier(sessions, options)
  }
  const locks = await Promise.all(touched.map((s) => lock(s, options)))
  try {
    await playAll(touched, options)
    await eachHost(touched, options, (s) => prove(s, options))
  } finally {
    for (const s of touched) skip(s, options)
    await Promise.all(touched.map((s) => recordFailure(s, options)))
    await Promise.all(locks.map((held) => held.release()))
  }
  // Where a host failed, the rest is still to do everywhere.
  if (!sessions.some((s) => s.failed))
    await forgetEarlier(
      sessions.filter((s) => !touched.includes(s)),
      options,
    )
}

interface Lock {
  release(): Promise<void>
}

async function lock(s: Session, options: RunOptions): Promise<Lock> {
  let release = await held(s, options)
  s.relock = async () => {
    release = await held(s, options)
  }
  return { release: () => release() }
}

async function held(s: Session, options: RunOptions): Promise<() => Promise<void>> {
  const { who, startedAt, id, playbook } = options
  const { line, release } = await s.transport.hold(
    lockScript(who, `since ${startedAt}, for the playbook ${playbook.name} ${runIn(id)}`, noteOf(options)),
  )
  if (line === 'locked') return release
  await release()
  throw new RefusedError({
    host: s.host.name,
    what: `another run holds the lock of this host: ${line.replace(/^busy /, '')}`,
    next: 'wait for it to end; the lock goes with its connection (within a minute, where its machine is gone), there is nothing to remove by hand',
  })
}
