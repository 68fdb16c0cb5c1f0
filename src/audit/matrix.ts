import type { Case } from './effect.ts'
import { isUnnamed, reachOf } from './effect.ts'
import type { ReachCell } from './finding.ts'
import type { Judged } from './judge.ts'

/** The machine that the audit runs on. */
export const controlName = 'control'

/** Every question that is worth a row: declared ports and those that something listens on, from every sort of source. */
export function matrixOf(judged: Judged): readonly ReachCell[] {
  const { place, cases } = judged
  if (!place) return []
  const hasV6 = place.seen.interfaces.some((i) =>
    i.addresses.some((a) => a.includes(':') && !a.startsWith('fe80:') && a !== '::1/128'),
  )
  const asked = new Set(cases.filter((c) => c.allowed || listens(judged, c)).map(key))
  return cases
    .filter(
      (c) =>
        asked.has(key(c)) && !isUnnamed(c) && !c.source.isOnlyInRules && (c.source.family === 4 || hasV6),
    )
    .map(
      (c): ReachCell => ({
        from: c.source.label,
        to: place.name,
        family: c.source.family,
        protocol: c.protocol,
        ...(c.port === undefined ? {} : { port: c.port }),
        ...(c.allowed ? { reason: c.allowed.reason } : {}),
        expected: c.allowed ? 'open' : 'closed',
        effect: place.seen.foreign.length > 0 ? 'unknown' : reachOf(c.verdict),
      }),
    )
}

function key({ protocol, port }: Case): string {
  return `${protocol} ${port}`
}

function listens({ place }: Judged, { protocol, port }: Case): boolean {
  return (
    place?.seen.sockets.some(
      (s) => s.protocol === protocol && s.port === port && !s.address.startsWith('127.'),
    ) ?? false
  )
}
