import { idOf } from '../model/resource.ts'
import { refresh } from './apply.ts'
import type { RunOptions } from './options.ts'
import type { Wanted } from './plan.ts'
import type { Session } from './session.ts'

/**
 * With `--prune`: what we managed and no role asks for any more is taken away at the end of the last play that makes
 * something. What cannot be taken away (a kernel value, a package) is forgotten: it stays as it is, and is told so once.
 */
export async function addOrphans(
  s: Session,
  absentOf: NonNullable<RunOptions['absentOf']>,
  options: RunOptions,
): Promise<void> {
  const asked = new Set(s.wanted.map((w) => idOf(w.resource)))
  const orphans = s.journal.managed.filter((id) => !asked.has(id))
  if (orphans.length === 0) return
  const playIndex = options.playbook.plays.findLastIndex((play) => !play.tidies)
  const selected = !options.limit || options.limit.has(s.host.name)
  // The swarm is one for all: what another host sees to now is not this one's to take away.
  const elsewhere = s.cluster.filter((other) => other !== s).flatMap((other) => other.wanted)
  const taken = absentOf(orphans, new Set(elsewhere.map((w) => idOf(w.resource))))
  // A role may ask itself for what takes it away (`noSwarmService`).
  const gone = [...taken.values()]
    .filter((resource) => !asked.has(idOf(resource)))
    .map((resource): Wanted => ({ resource, role: 'prune', play: 'prune', playIndex, selected }))
  const forgotten = orphans.filter((id) => !taken.has(id))
  for (const id of forgotten)
    options.report({
      type: 'notice',
      host: s.host.name,
      text: `${id} is managed no more; what it set stays as it is`,
    })
  // What takes away is not managed either: else it would be an orphan next time.
  s.pruned = [...orphans, ...gone.map((w) => idOf(w.resource))]
  s.wanted = [...s.wanted, ...gone]
  await refresh(s, gone, options.report)
}
