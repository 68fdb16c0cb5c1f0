import type { Reporter } from '../model/event.ts'
import { bundle } from './bundle.ts'
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
  const { parts, read } = bundle(looks.map(({ probe }) => probe))
  const answers = read(await ask(s, parts, report))
  const richer = new Map<Due, Due>()
  looks.forEach(({ members, probe }, i) => {
    const answer = answers[i]
    if (!answer?.output) return
    const changes = probe.parse(answer.output, answer.bodies)
    members.forEach((d, j) => {
      richer.set(d, { ...d, step: { ...d.step, changes: changes[j] ?? d.step.changes } })
    })
  })
  return dues.map((d) => richer.get(d) ?? d)
}
