import type { Event, HostSummary, Step } from '../model/event.ts'
import type { Report, ReportOptions } from './report.ts'

/** Lines, for logs and pipes: what was changed where, in the order in which it happened; then the summary. */
export function plainReport({ write, verbose }: ReportOptions): Report {
  const slow: { readonly host: string; readonly text: string; readonly ms: number }[] = []
  const line = (text: string) => write(`${text}\n`)
  return {
    close: async () => {},
    report(event: Event) {
      switch (event.type) {
        case 'applied': {
          for (const step of event.steps)
            line(`${event.host}  ${step.verifies ? 'checked' : 'changed'}  ${describe(step)}`)
          slow.push({
            host: event.host,
            text: event.steps
              .map((s) => s.id)
              .join(', ')
              .slice(0, 80),
            ms: event.ms,
          })
          return
        }
        case 'failed':
          return line(
            `${event.host}  ${event.unreachable ? 'UNREACHABLE' : 'FAILED'}\n${event.message.replaceAll(/^/gm, '    ')}`,
          )
        case 'notice':
          return line(event.host ? `${event.host}  ${event.text}` : event.text)
        case 'skipped':
          return line(`${event.host}  skipped ${event.ids.length}: ${event.reason}`)
        case 'exec':
          if (verbose)
            line(
              `${event.host}  exit ${event.code} in ${Math.round(event.ms)} ms\n${event.shown.replaceAll(/^/gm, '    | ')}`,
            )
          return
        case 'end':
          return summary(event.hosts, event.ms, slow, line)
        default:
          return
      }
    },
  }
}

/** `file[/etc/motd]  mode 600 → 644` */
export function describe(step: Step): string {
  const changes = step.changes.map((c) => `${c.attribute} ${show(c.from)} → ${show(c.to)}`)
  return `${step.id}  ${changes.join(', ')}`
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function summary(
  hosts: readonly HostSummary[],
  ms: number,
  slow: readonly { readonly host: string; readonly text: string; readonly ms: number }[],
  line: (text: string) => void,
): void {
  const width = Math.max(0, ...hosts.map((h) => h.host.length))
  for (const h of hosts)
    line(
      `${h.host.padEnd(width)}  ${h.status.padEnd(11)}  ok=${h.resources - h.changed} changed=${h.changed} checked=${h.checked} failed=${h.failed} skipped=${h.skipped}  ${h.roundTrips} round trips`,
    )
  line(`${(ms / 1000).toFixed(2)} s`)
  const slowest = [...slow].sort((a, b) => b.ms - a.ms).slice(0, 5)
  for (const s of slowest) line(`  ${(s.ms / 1000).toFixed(1)} s  ${s.host}  ${s.text}`)
}
