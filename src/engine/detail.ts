import type { Reporter } from '../model/event.ts'
import type { Due } from './plan.ts'
import { ask, type Session } from './session.ts'

/** The same plan with text diffs in it: one more look, only at what differs, only when it is to be shown. */
export async function detail(s: Session, dues: readonly Due[], report: Reporter): Promise<readonly Due[]> {
  const looks = [...Map.groupBy(dues, (d) => d.resource.kind)].flatMap(([kind, members]) => {
    const planned = members.map((d) => ({
      desired: d.resource.desired,
      actual: d.actual,
      changes: d.step.changes,
    }))
    const probe = kind.detail?.(planned)
    return probe ? [{ members, probe }] : []
  })
  if (looks.length === 0) return dues
  const outputs = await ask(
    s,
    looks.map(({ probe }) => ({ script: probe.script, isolated: probe.isolated })),
    report,
  )
  const richer = new Map<Due, Due>()
  looks.forEach(({ members, probe }, i) => {
    const output = outputs[i]
    if (!output) return
    const changes = probe.parse(output)
    members.forEach((d, j) => {
      richer.set(d, { ...d, step: { ...d.step, changes: changes[j] ?? d.step.changes } })
    })
  })
  return dues.map((d) => richer.get(d) ?? d)
}
