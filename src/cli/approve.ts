import type { Moment } from '../engine/options.ts'
import { InputError, InterruptedError, RefusedError } from '../errors.ts'
import type { HostPlan } from '../model/event.ts'
import type { Risk } from '../model/kind.ts'
import { askYes } from './ask.ts'
import { askedAbout, type Consent, covers, wordsFor } from './consent.ts'

export interface ApprovalOptions {
  /** What was agreed to beforehand. */
  readonly consent: Consent | undefined
  /** The plan is shown even where nothing is asked. */
  readonly isLive: boolean
  show(plans: readonly HostPlan[]): void
  /** Is there somebody to ask? */
  readonly isTerminal: boolean
}

/**
 * Somebody says yes to what is more than a restart, beforehand by `--yes` or now on the terminal; where nobody can be asked
 * the run is refused. Gives `asked` where a person has just said yes. Throws InputError before the first change.
 */
export function approval(options: ApprovalOptions) {
  let wasAsked = false
  return async (
    plans: readonly HostPlan[],
    moment: Moment,
    moved: readonly string[] = [],
  ): Promise<boolean | 'asked'> => {
    const { consent, isLive, isTerminal, show } = options
    const steps = plans.flatMap((p) => p.steps.filter((s) => s.selected))
    const touched = new Set(steps.flatMap((s) => s.risks))
    const open = askedAbout.filter((risk) => touched.has(risk) && !covers(consent, risk))
    // A plan that somebody has said yes to is theirs: another one is asked about, whatever it touches.
    const asks = open.length > 0 || (moment === 'moved' && wasAsked && steps.length > 0)
    if (asks && !isTerminal) throw refusal(plans, open, consent, moment)
    if (steps.length > 0 && (isLive || asks)) show(plans)
    if (!asks) return true
    wasAsked = true
    const risks = open.length > 0 ? `This touches: ${open.join(', ')}. ` : ''
    return (await say(`${why(moment, moved)}${risks}Go on?`, moment)) && 'asked'
  }
}

async function say(question: string, moment: Moment): Promise<boolean> {
  try {
    return await askYes(question, process.stdout)
  } catch (error) {
    if (!(error instanceof InterruptedError) || moment !== 'late') throw error
    throw new InterruptedError({ what: 'interrupted: this step was not begun' })
  }
}

function why(moment: Moment, moved: readonly string[]): string {
  if (moment === 'plan') return ''
  if (moment === 'late') return 'This was not in the plan that was agreed to. '
  return `The hosts have changed since the plan was made:\n${moved.slice(0, 20).join('\n')}\n`
}

function refusal(
  plans: readonly HostPlan[],
  open: readonly Risk[],
  consent: Consent | undefined,
  moment: Moment,
): InputError | RefusedError {
  const told = plans.flatMap(({ host, steps }) =>
    steps
      .filter((s) => s.selected && s.risks.some((risk) => open.includes(risk)))
      .map((s) => `${host}  ${s.id}  [${s.risks.filter((risk) => open.includes(risk)).join(', ')}]`),
  )
  const failure = {
    what: `this touches ${open.join(', ')}, and there is no terminal to ask on: ${
      moment === 'late' ? 'it was not in the plan, and was not begun' : 'nothing was changed'
    }`,
    why: [...told.slice(0, 10), ...(told.length > 10 ? [`and ${told.length - 10} more`] : [])].join('\n'),
    next: `look at the plan (provision plan), and say yes to it beforehand: ${wordsFor(open, consent)} (--yes agrees to whatever it touches)`,
  }
  return moment === 'late' ? new RefusedError(failure) : new InputError(failure)
}
