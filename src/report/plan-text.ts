import type { HostPlan, Step } from '../model/event.ts'
import { type Paint, paint } from './color.ts'
import { describe } from './plain.ts'

/**
 * The plan for people: what differs, on which hosts, where it was asked for, and at what risk. `unseen` are the hosts that
 * were asked for and have no plan.
 */
export function formatPlan(
  plans: readonly HostPlan[],
  {
    diff,
    color,
    unseen = [],
  }: { readonly diff: boolean; readonly color: boolean; readonly unseen?: readonly string[] },
): string {
  const p = paint(color)
  const alike = Map.groupBy(plans, (plan) => plan.steps.map(describe).join('\n') + plan.orphans.join('\n'))
  const parts = [...alike.values()].flatMap((same) => {
    const [plan] = same
    if (!plan || (plan.steps.length === 0 && plan.orphans.length === 0)) return []
    return [
      p('bold', `${same.map((h) => h.host).join(', ')}:`),
      ...plan.steps.map((step) => line(step, diff, p)),
      ...plan.orphans.map((id) => p('dim', `  o ${id}  is asked for no more`)),
    ]
  })
  if (plans.length > 0) parts.push(totals(plans))
  if (unseen.length > 0) parts.push(p('red', `Not in this plan, for the reason above: ${unseen.join(', ')}`))
  return parts.join('\n')
}

function line(step: Step, diff: boolean, p: Paint): string {
  const risks = step.risks.length > 0 ? p('magenta', `  [${step.risks.join(', ')}]`) : ''
  const left = step.selected ? '' : '  (left as it is by --limit or --tags)'
  const where = step.where ? p('dim', `  (${step.where})`) : ''
  const head = `  ${p(styles[mark(step)], `${mark(step)} ${describe(step)}`)}${where}${risks}${left}`
  const diffs = diff ? step.changes.flatMap((c) => (c.diff ? [colored(c.diff, p)] : [])) : []
  return [head, ...diffs].join('\n')
}

function colored(diff: string, p: Paint): string {
  return diff
    .split('\n')
    .map(
      (row) => `      ${row.startsWith('+') ? p('green', row) : row.startsWith('-') ? p('red', row) : row}`,
    )
    .join('\n')
}

const styles = { '+': 'green', '-': 'red', '!': 'cyan', '?': 'blue', '~': 'yellow' } as const

/** `+` new, `-` gone, `!` due because of another change, `?` only a check, `~` different. */
function mark(step: Step): keyof typeof styles {
  if (step.verifies) return '?'
  if (step.triggeredBy.length > 0) return '!'
  if (step.changes.some((c) => c.from === 'absent')) return '+'
  return step.changes.some((c) => c.to === 'absent') ? '-' : '~'
}

function totals(plans: readonly HostPlan[]): string {
  const counts = plans.map((p) => ({
    host: p.host,
    count: p.steps.filter((s) => s.selected && !s.verifies).length,
  }))
  if (counts.every((c) => c.count === 0)) return 'No changes.'
  const risks = new Set(plans.flatMap((p) => p.steps.flatMap((s) => s.risks)))
  const told = risks.size > 0 ? `; risks: ${[...risks].join(', ')}` : ''
  const down = new Set(plans.flatMap((p) => p.interrupts ?? []))
  const order =
    down.size > 0 ? `; one host after the other, leaders last: members of ${[...down].join(', ')}` : ''
  return `Plan: ${counts.map((c) => `${c.host} ${c.count} to change`).join(', ')}${told}${order}`
}
