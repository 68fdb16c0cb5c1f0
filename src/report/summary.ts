import type { Event, HostStatus, HostSummary, Step } from '../model/event.ts'
import { type Paint, paint } from './color.ts'

type End = Extract<Event, { type: 'end' }>

const styles: Readonly<Record<HostStatus, Parameters<Paint>[0]>> = {
  ok: 'green',
  changed: 'yellow',
  failed: 'red',
  unreachable: 'red',
  skipped: 'cyan',
}

/** Collects what took its time, and says at the end how each host came out. */
export function createSummary(color: boolean): {
  note(event: Event): void
  text(end: End): string
} {
  const took: { readonly host: string; readonly steps: readonly Step[]; readonly ms: number }[] = []
  const p = paint(color)
  return {
    note(event) {
      if (event.type === 'applied') took.push(event)
    },
    text({ hosts, ms, interrupted }) {
      const width = Math.max(0, ...hosts.map((h) => h.host.length))
      const slowest = took.toSorted((a, b) => b.ms - a.ms).slice(0, 5)
      return [
        ...hosts.map((h) => hostLine(h, width, p)),
        `${interrupted ? 'interrupted after ' : ''}${seconds(ms)}${slowest.length > 0 ? '; slowest:' : ''}`,
        ...slowest.map((s) => p('dim', `  ${seconds(s.ms).padStart(7)}  ${s.host}  ${names(s.steps)}`)),
      ].join('\n')
    },
  }
}

function hostLine(h: HostSummary, width: number, p: Paint): string {
  const counts = `ok=${h.ok} changed=${h.changed} checked=${h.checked} failed=${h.failed} skipped=${h.skipped}`
  return `${h.host.padEnd(width)}  ${p(styles[h.status], h.status.padEnd(11))}  ${counts}  ${h.roundTrips} round trips`
}

/** `pkg[jq], pkg[curl] and 3 more` */
export function names(steps: readonly Step[], count = 3): string {
  const ids = steps.slice(0, count).map((s) => s.id)
  return `${ids.join(', ')}${steps.length > count ? ` and ${steps.length - count} more` : ''}`
}

export function seconds(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(2)} s` : `${(ms / 1000).toFixed(0)} s`
}
