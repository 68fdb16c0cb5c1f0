import { finding } from '../catalogue.ts'
import { type Case, type Place, reachOf } from '../effect.ts'
import type { Finding } from '../finding.ts'
import { nameOf } from '../observe.ts'
import { evidenceOf, groups, labels } from './exposed.ts'
import { portName } from './ports.ts'

/** What cannot be said for certain: rules that are not modelled, and questions that the host did not answer. */
export function unknown(place: Place, cases: readonly Case[]): readonly Finding[] {
  const open = cases.filter((c) => reachOf(c.verdict) === 'unknown')
  return [
    ...groups(open, (c) => `v${c.source.family} ${c.verdict.because ?? ''}`).map((group) => {
      const names = [...new Set(group.map(portName))]
      return finding('FW002', {
        host: place.name,
        subject: `${names.length > 6 ? `${names.length} ports` : names.join(', ')} from ${labels(group)}, v${group[0]?.source.family}`,
        evidence: evidenceOf(group.slice(0, 1)),
      })
    }),
    ...place.seen.unread.map(({ what, why }) =>
      finding('FW001', {
        host: place.name,
        subject: `not read: ${what}`,
        evidence: [`${nameOf(what)}: ${why}`],
      }),
    ),
  ]
}
