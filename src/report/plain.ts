import type { Event, Step } from '../model/event.ts'
import { toJson } from '../secret/secret.ts'
import type { Report, ReportOptions } from './report.ts'
import { createSummary } from './summary.ts'

/** Lines, for logs and pipes: what was changed where, in the order in which it happened; then the summary. */
export function plainReport({ write, verbose, color }: ReportOptions): Report {
  const summary = createSummary(color)
  return {
    settle: async () => {},
    close: async () => {},
    report(event) {
      summary.note(event)
      const text = event.type === 'end' ? summary.text(event) : lineOf(event, verbose)
      if (text !== undefined) write(`${text}\n`)
    },
  }
}

/** What an event says in a log; undefined when nothing. */
export function lineOf(event: Event, verbose: boolean): string | undefined {
  switch (event.type) {
    case 'applied':
      return event.steps
        .map((step) => `${event.host}  ${step.verifies ? 'checked' : 'changed'}  ${describe(step)}`)
        .join('\n')
    case 'failed':
      return `${event.host}  ${event.unreachable ? 'UNREACHABLE' : 'FAILED'}\n${event.message.replaceAll(/^/gm, '    ')}`
    case 'notice':
      return event.host ? `${event.host}  ${event.text}` : event.text
    case 'skipped':
      return `${event.host}  skipped ${event.ids.length}: ${event.reason}`
    case 'exec':
      if (!verbose) return undefined
      return `${event.host}  exit ${event.code} in ${Math.round(event.ms)} ms\n${event.shown.replaceAll(/^/gm, '    | ')}`
    default:
      return undefined
  }
}

/** `file[/etc/motd]  mode 600 → 644` */
export function describe(step: Step): string {
  const changes = step.changes.map((c) => `${c.attribute} ${show(c.from)} → ${show(c.to)}`)
  return `${step.id}  ${changes.join(', ')}`
}

/** One line of it: `--diff` shows whole texts. */
function show(value: unknown): string {
  if (typeof value !== 'string') return toJson(value)
  const rows = value.trimEnd().split('\n')
  return rows.length > 1 ? `${rows[0]} … (${rows.length} lines)` : (rows[0] ?? '')
}
