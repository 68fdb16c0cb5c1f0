import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError, lastLines, RefusedError } from '../errors.ts'
import type { HostPlan } from '../model/event.ts'
import type { Member, QuorumWish } from '../model/quorum.ts'
import type { Resource } from '../model/resource.ts'
import type { Script } from '../shell/sh.ts'
import { refresh } from './apply.ts'
import { eachHost } from './guard.ts'
import type { RunOptions } from './options.ts'
import { type Due, due } from './plan.ts'
import { ask, type Session } from './session.ts'

// Members of quorums: who may go down, in which order, and when the next may. It counts; what a member is, the roles say.

/** A standby that has lost its primary asks for it every second (wal_retrieve_retry_interval); a rewind takes longer. */
const patienceMs = 120_000

/** A standby needs about 5 s for a restart; it counts when Patroni lets commits wait for it, in two rounds more (loop_wait, 5 s each). */
const settlingMs = 30_000

/** A host's member of a quorum, as it was last seen. */
interface Seat {
  readonly session: Session
  readonly resource: Resource
  readonly wish: QuorumWish
  readonly member: Member
}

/** Names of the quorums whose member on this host goes down for a while when these steps are done. */
export function interruptedBy(s: Session, dues: readonly Due[]): readonly string[] {
  const names = dues
    .filter((d) => d.selected && d.step.risks.some((r) => r === 'restart' || r === 'reboot'))
    .flatMap((d) => d.resource.interrupts)
  const alive = seats([s]).filter((seat) => seat.member.state === 'alive')
  return [...new Set(names)].filter((name) => alive.some((seat) => seat.resource.name === name))
}

/**
 * The sum, before anything is changed: with this host's member down, would there be enough left? They are taken down
 * one after the other, so one of each is what is missing at any time.
 */
export function refuseLoss(s: Session, names: readonly string[], sessions: readonly Session[]): void {
  const loss = lossOf(s, names, sessions)
  if (loss) throw loss
}

function lossOf(
  s: Session,
  names: readonly string[],
  sessions: readonly Session[],
): RefusedError | undefined {
  for (const name of names) {
    const all = seats(sessions).filter((seat) => seat.resource.name === name)
    const present = all.filter((seat) => seat.member.state !== 'absent')
    const size = Math.max(present.length, ...present.map((seat) => seat.member.size))
    const alive = present.filter((seat) => seat.member.state === 'alive').length
    const needed = Math.floor(size / 2) + 1
    // A single member has nobody to lose; whoever runs one has accepted its downtime.
    if (size < 2 || alive - 1 >= needed) continue
    const down = present.filter((seat) => seat.member.state === 'down').map((seat) => seat.session.host.name)
    return new RefusedError({
      host: s.host.name,
      what: `this run would take down ${s.host.name}'s member of ${name}, and ${name} would lose its quorum`,
      why: `${size} members need ${needed}; ${alive} are alive${down.length > 0 ? ` (not ${down.join(', ')})` : ''}; without ${s.host.name} ${alive - 1} would be left`,
      next: 'bring the others back first (provision status says what is wrong with them); then run again',
    })
  }
  return undefined
}

/**
 * Before the plan: a member that was restarted a moment ago is no reason to refuse a run that takes another one down.
 * It is asked for again for a while.
 */
export async function untilSettled(sessions: readonly Session[], options: RunOptions): Promise<void> {
  const limit = performance.now() + settlingMs
  const isLoss = (s: Session) =>
    lossOf(s, interruptedBy(s, due(s.wanted, s.states, s.journal.owed, options.root)), sessions) !== undefined
  let isTold = false
  while (performance.now() < limit) {
    const down = seats(sessions).find((seat) => seat.member.state === 'down')
    if (!down || !sessions.some((s) => !s.failed && isLoss(s))) return
    const host = down.session.host.name
    const text = `${host}'s member of ${down.resource.name} is down; this run waits up to ${settlingMs / 1000} s for it`
    if (!isTold) options.report({ type: 'notice', host, text })
    isTold = true
    options.signal.throwIfAborted()
    await sleep(1000)
    await eachHost(sessions, options, (s) => lookAtMembers([s], options))
  }
}

/** Hosts in the order in which their members may go down: leaders of what is interrupted last, or first where the change demands it. */
export function inOrder(
  sessions: readonly Session[],
  names: readonly string[],
  leaderFirst: boolean,
): readonly Session[] {
  const leads = (s: Session) =>
    seats([s]).filter((seat) => seat.member.isLeader && names.includes(seat.resource.name)).length
  return sessions.toSorted((a, b) => (leads(a) - leads(b)) * (leaderFirst ? -1 : 1))
}

/** Right before a member goes down: all are asked again, the sum is made again, a leader hands over. */
export async function stepDown(
  s: Session,
  names: readonly string[],
  sessions: readonly Session[],
  options: RunOptions,
  keepsLead: boolean,
): Promise<void> {
  await untilEnough(s, names, sessions, options)
  for (const { resource, wish, member } of seats([s])) {
    if (!names.includes(resource.name) || !member.isLeader || !wish.handover || keepsLead) continue
    options.report({
      type: 'notice',
      host: s.host.name,
      text: `${s.host.name} hands over the lead of ${resource.name}`,
    })
    await runOn(s, resource.name, wish.handover, 'could not hand over the lead of', options)
  }
}

/** Members that have just been taken down by this run, or lost their leader by it, get the time to come back. */
async function untilEnough(
  s: Session,
  names: readonly string[],
  sessions: readonly Session[],
  options: RunOptions,
): Promise<void> {
  const limit = performance.now() + patienceMs
  for (;;) {
    await lookAtMembers(sessions, options)
    const loss = lossOf(s, names, sessions)
    if (!loss) return
    if (performance.now() >= limit) throw loss
    options.signal.throwIfAborted()
    await sleep(1000)
  }
}

/** Who is alive, and who leads, now. */
export async function lookAtMembers(sessions: readonly Session[], options: RunOptions): Promise<void> {
  await Promise.all(
    sessions.map((s) =>
      refresh(
        s,
        s.wanted.filter((w) => w.resource.kind.isQuorum),
        options.report,
      ),
    ),
  )
}

/** After the change: the next host waits until this one's members are alive again. */
export async function untilBack(s: Session, names: readonly string[], options: RunOptions): Promise<void> {
  for (const { resource, wish } of seats([s])) {
    if (!names.includes(resource.name)) continue
    const planned = { desired: wish, actual: undefined, changes: [], answers: [] }
    const script = resource.kind.apply([planned])
    await runOn(s, resource.name, script, 'did not come back as a member of', options, wish.backWithinSeconds)
  }
}

async function runOn(
  s: Session,
  name: string,
  script: Script,
  what: string,
  { report }: RunOptions,
  seconds = 120,
): Promise<void> {
  const [output] = await ask(s, [{ script, isolated: true }], report, (seconds + 30) * 1000)
  if (output?.code === 0) return
  throw new CommandError({
    host: s.host.name,
    what: `${what} ${name}`,
    why: lastLines([output?.stdout, output?.stderr].filter(Boolean).join('\n')),
    next: 'no other host was touched after it; provision status shows the whole',
  })
}

function seats(sessions: readonly Session[]): readonly Seat[] {
  return sessions.flatMap((session) =>
    session.wanted
      .filter((w) => w.resource.kind.isQuorum)
      .flatMap(({ resource }) => {
        const member = session.states.get(resource) as Member | undefined
        return member ? [{ session, resource, wish: resource.desired as QuorumWish, member }] : []
      }),
  )
}

/** Does any step of this play say that the leader must go first? */
export function wantsLeaderFirst(dues: readonly Due[]): boolean {
  return dues.some((d) => d.selected && d.resource.leaderFirst)
}

/** What each host's plan takes down, for `provision plan` to show. */
export function noted(plan: HostPlan, names: readonly string[]): HostPlan {
  return names.length > 0 ? { ...plan, interrupts: names } : plan
}
