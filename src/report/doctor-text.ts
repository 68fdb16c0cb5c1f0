import { paint } from './color.ts'
import { table } from './table.ts'

/** One thing that was examined on one host. */
export interface Examined {
  readonly host: string
  readonly name: string
  readonly holds: boolean
  readonly measured: string
  readonly needs: string
  readonly next: string
  readonly level: 'error' | 'warning'
}

/** A row for each thing examined, a column for each host; below it, what to do about what is amiss. */
export function formatDoctor(examined: readonly Examined[], color: boolean): string {
  const p = paint(color)
  const hosts = [...new Set(examined.map((e) => e.host))]
  const rows = [...Map.groupBy(examined, (e) => e.name)].map(([name, found]) => [
    mark(found, p),
    name,
    ...hosts.map((host) => {
      const e = found.find((f) => f.host === host)
      return e ? shown(e, p) : ''
    }),
    p('dim', found[0]?.needs ?? ''),
  ])
  const advice = examined
    .filter((e) => !e.holds)
    .map((e) => `${e.host}  ${e.name}: ${e.measured}; needs ${e.needs}\n  → ${e.next}`)
  return [
    table(['', '', ...hosts, 'needs'], rows),
    ...advice.map((text) => `\n${text}`),
    '',
    total(examined),
  ].join('\n')
}

function mark(found: readonly Examined[], p: ReturnType<typeof paint>): string {
  if (found.every((e) => e.holds)) return p('green', '✔')
  return found.some((e) => !e.holds && e.level === 'error') ? p('red', '✘') : p('yellow', '!')
}

function shown(e: Examined, p: ReturnType<typeof paint>): string {
  const short = e.measured.length > 40 ? `${e.measured.slice(0, 39)}…` : e.measured
  return e.holds ? short : p(e.level === 'error' ? 'red' : 'yellow', short)
}

function total(examined: readonly Examined[]): string {
  const bad = examined.filter((e) => !e.holds)
  const errors = bad.filter((e) => e.level === 'error').length
  if (bad.length === 0) return 'All is well.'
  return `${errors} to mend, ${bad.length - errors} to know.`
}
