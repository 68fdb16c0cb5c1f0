import { idOf, type Resource } from '../model/resource.ts'
import { refresh } from './apply.ts'
import type { RunOptions } from './options.ts'
import type { Wanted } from './plan.ts'
import type { Session } from './session.ts'

/**
 * With `--prune`: what we managed and no role asks for any more is taken away at the end of the last play. What
 * cannot be taken away (a kernel value, a service) is forgotten: it stays as it is, and is told so once.
 */
export async function addOrphans(
  s: Session,
  absentOf: (id: string) => Resource | undefined,
  options: RunOptions,
): Promise<void> {
  const asked = new Set(s.wanted.map((w) => idOf(w.resource)))
  const orphans = s.journal.managed.filter((id) => !asked.has(id))
  if (orphans.length === 0) return
  const playIndex = options.playbook.plays.length - 1
  const gone = orphans.flatMap((id): readonly Wanted[] => {
    const resource = absentOf(id)
    const selected = !options.limit || options.limit.has(s.host.name)
    return resource ? [{ resource, role: 'prune', play: 'prune', playIndex, selected }] : []
  })
  const forgotten = orphans.filter((id) => !gone.some((w) => idOf(w.resource) === id))
  for (const id of forgotten)
    options.report({
      type: 'notice',
      host: s.host.name,
      text: `${id} is managed no more; what it set stays as it is`,
    })
  s.pruned = orphans
  s.wanted = [...s.wanted, ...gone]
  await refresh(s, gone, options.report)
}
