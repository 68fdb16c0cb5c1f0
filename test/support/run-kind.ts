import { spawnSync } from 'node:child_process'
import { batch } from '../../src/engine/frame.ts'
import { glance } from '../../src/engine/observe.ts'
import { type Due, due } from '../../src/engine/plan.ts'
import { outputOf } from '../../src/model/probe.ts'
import type { Resource } from '../../src/model/resource.ts'

/** Observes with the real `sh` of this machine and gives what differs. */
export function look(resources: readonly Resource[]): readonly Due[] {
  const seen = glance(resources)
  const states = seen.match(execute(seen.parts), 'here')
  const wanted = resources.map((resource) => ({ resource, role: '', play: '', playIndex: 0, selected: true }))
  return due(wanted, states, new Map(), '')
}

/** Applies what differs, kind by kind, with the real `sh`; gives the exit code and errors of the first that fails. */
export function apply(dues: readonly Due[]): { readonly code: number; readonly stderr: string } {
  for (const [kind, members] of Map.groupBy(dues, (d) => d.resource.kind)) {
    const planned = members.map((d) => ({
      desired: d.resource.desired,
      actual: d.actual,
      changes: d.step.changes,
      answers: [],
    }))
    const [output] = execute([{ script: kind.apply(planned), isolated: true }])
    if (output?.code !== 0) return { code: output?.code ?? -1, stderr: output?.stderr ?? '' }
  }
  return { code: 0, stderr: '' }
}

/** `kind: attribute from → to` of every change, for short expectations. */
export function told(dues: readonly Due[]): readonly string[] {
  return dues.flatMap((d) => d.step.changes.map((c) => `${d.step.id} ${c.attribute} ${c.from} → ${c.to}`))
}

function execute(parts: Parameters<typeof batch>[0]) {
  const { script, read } = batch(parts)
  const { status, stdout, stderr } = spawnSync('sh', ['-s'], {
    input: script.text,
    maxBuffer: 1 << 26,
  })
  return read(outputOf(status ?? -1, stdout, stderr))
}
