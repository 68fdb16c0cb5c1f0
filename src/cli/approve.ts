import { createInterface } from 'node:readline/promises'
import type { HostPlan } from '../model/event.ts'
import type { RunFlags } from './run-command.ts'

/** Asks once, on a terminal only, when something more than a restart is at stake. `--yes` answers. */
export async function approve(
  plans: readonly HostPlan[],
  flags: RunFlags,
  show: (plans: readonly HostPlan[]) => void,
): Promise<boolean> {
  const steps = plans.flatMap((p) => p.steps.filter((s) => s.selected))
  const risks = new Set(steps.flatMap((s) => s.risks))
  risks.delete('restart')
  if (risks.size === 0 || flags.yes || !process.stdin.isTTY || !process.stdout.isTTY) return true
  show(plans)
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question(`This touches: ${[...risks].join(', ')}. Go on? [y/N] `)
  terminal.close()
  return /^y(es)?$/i.test(answer.trim())
}
