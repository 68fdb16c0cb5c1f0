import type { HostPlan, HostSummary } from '../model/event.ts'
import type { Host } from '../model/host.ts'
import { change } from './change.ts'
import { guarded, unlessInterrupted } from './guard.ts'
import { lookAtAll } from './look.ts'
import type { RunOptions, RunResult } from './options.ts'
import { openSession, rehearse } from './scene.ts'
import { emptyPlays } from './selection.ts'
import type { Session } from './session.ts'

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
  const open = new Map<Host, Session>()
  let plans: readonly HostPlan[] = []
  let interrupted = false
  try {
    // Nothing is changed yet: an interrupted look is left as it is, and its connections are closed.
    await unlessInterrupted(
      options,
      Promise.all(
        hosts.map(async (host) => {
          const s = await guarded(
            host.name,
            options,
            () => openSession(host, options),
            () => unreachable.add(host),
          )
          if (s && options.signal.aborted) await s.transport[Symbol.asyncDispose]()
          else if (s) open.set(host, s)
        }),
      ),
    )
    const sessions = sessionsOf(hosts, open)
    for (const s of sessions) s.cluster = sessions
    plans = await unlessInterrupted(options, lookAtAll(sessions, options))
    for (const plan of plans) report({ type: 'planned', plan })
    if (options.mode === 'run') await change(sessions, plans, unreachable.size > 0, options)
  } catch (error) {
    if (!options.signal.aborted) throw error
    interrupted = true
  } finally {
    await Promise.all([...open.values()].map((s) => s.transport[Symbol.asyncDispose]()))
  }
  interrupted ||= options.signal.aborted
  const summary = hosts.map((host) => summaryOf(host, open.get(host), interrupted && !unreachable.has(host)))
  report({ type: 'end', hosts: summary, ms: performance.now() - started, interrupted })
  return {
    plans,
    hosts: summary,
    sessions: sessionsOf(hosts, open),
    unreachable: summary.some((h) => h.status === 'unreachable'),
    failed: summary.some((h) => h.status === 'failed'),
    badInput: [...open.values()].some((s) => s.badInput),
    interrupted,
  }
}

/** In the order of the inventory, however fast each of them answered. */
function sessionsOf(hosts: readonly Host[], open: ReadonlyMap<Host, Session>): readonly Session[] {
  return hosts.flatMap((host) => open.get(host) ?? [])
}

/** A host that an interrupted run had no time to connect to counts as skipped. */
function summaryOf(host: Host, s: Session | undefined, wasLeft: boolean): HostSummary {
  const status = !s
    ? wasLeft
      ? 'skipped'
      : 'unreachable'
    : s.unreachable
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
