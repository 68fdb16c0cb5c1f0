import type { Event } from '../model/event.ts'
import { lineOf } from './plain.ts'
import type { Report, ReportOptions } from './report.ts'
import { createStage, type Stage } from './stage.ts'
import { createSummary, names } from './summary.ts'

type Handlers = { readonly [T in Event['type']]?: (event: Extract<Event, { type: T }>) => void }

/**
 * For a terminal: hosts side by side with what each is doing; a stage for the look, one for each play, one for the
 * proof. What needs more than its line (an error, a notice) is printed below the stage that it belongs to.
 */
export function liveReport({ write, verbose, color }: ReportOptions): Report {
  const summary = createSummary(color)
  const steps = new Map<string, number>()
  let stage: Stage | undefined
  let below: string[] = []
  let drawn: Promise<void> = Promise.resolve()

  const open = (title: string, hosts: readonly string[]) => {
    close()
    const next = createStage(title, hosts)
    stage = next
    drawn = drawn.then(() => next.run())
  }
  const close = () => {
    stage?.stop()
    stage = undefined
    const texts = below
    below = []
    drawn = drawn.then(() => write(texts.map((text) => `${text}\n`).join('')))
  }
  const done = (host: string) => `${steps.get(host) ?? 0} done`

  const handlers: Handlers = {
    start: ({ hosts }) => open(hosts.length === 1 ? 'look' : `look at ${hosts.length} hosts`, hosts),
    connect: ({ host }) => stage?.row(host)?.say('looking'),
    planned({ plan }) {
      const count = plan.steps.filter((s) => s.selected && !s.verifies).length
      const told = count > 0 ? `${count} to change` : 'as they should be'
      stage?.row(plan.host)?.end('done', `${plan.resources} resources, ${told}`)
    },
    play: ({ name, hosts }) => open(name, hosts),
    applying: (e) => stage?.row(e.host)?.say(`${done(e.host)}, now ${names(e.steps, 2)}`),
    applied: (e) => steps.set(e.host, (steps.get(e.host) ?? 0) + e.steps.length),
    played: ({ host }) => stage?.row(host)?.end('done', done(host)),
    failed: ({ host, failure }) => stage?.row(host)?.end('failed', failure.what),
    end: close,
  }
  const finish = async () => {
    close()
    await drawn
  }
  return {
    settle: finish,
    close: finish,
    report(event) {
      summary.note(event)
      const handle = handlers[event.type] as ((event: Event) => void) | undefined
      handle?.(event)
      const text = event.type === 'end' ? summary.text(event) : lineOf(event, verbose)
      // The plan above has listed the changes; a line for each would hide the rest.
      if (text !== undefined && event.type !== 'applied') below.push(text)
    },
  }
}
