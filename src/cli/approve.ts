import type { HostPlan } from '../model/event.ts'
import { askYes } from './ask.ts'

/**
 * Shows the plan on a terminal before it is carried out, and asks once when something more than a restart is at
 * stake. `--yes` answers; without a terminal nobody is asked.
 */
export async function approve(
  plans: readonly HostPlan[],
  yes: boolean,
  isLive: boolean,
  show: (plans: readonly HostPlan[]) => void,
): Promise<boolean> {
  const steps = plans.flatMap((p) => p.steps.filter((s) => s.selected))
  const risks = new Set(steps.flatMap((s) => s.risks))
  risks.delete('restart')
  const asks = risks.size > 0 && !yes && process.stdin.isTTY === true && process.stdout.isTTY === true
  if (steps.length > 0 && (isLive || asks)) show(plans)
  if (!asks) return true
  return askYes(`This touches: ${[...risks].join(', ')}. Go on?`, process.stdout)
}
