import type { Family } from '../../firewall/rules.ts'
import { finding } from '../catalogue.ts'
import { type Case, namedIn, type Place, reachOf } from '../effect.ts'
import type { Finding } from '../finding.ts'
import { nameOf } from '../observe.ts'
import { networksOf } from '../sources.ts'
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
    ...([4, 6] as const).flatMap((family) => notTried(place, family)),
    ...place.seen.unread.map(({ what, why }) =>
      finding('FW001', {
        host: place.name,
        subject: `not read: ${what}`,
        evidence: [`${nameOf(what)}: ${why}`],
      }),
    ),
  ]
}

/** More networks or ports in the rules than can be tried in seconds. */
function notTried({ name: host, seen }: Place, family: Family): readonly Finding[] {
  const ruleset = seen.own[family]
  const left = [
    [networksOf(ruleset, Number.POSITIVE_INFINITY).length - networksOf(ruleset).length, 'networks'],
    [namedIn(ruleset, Number.POSITIVE_INFINITY).size - namedIn(ruleset).size, 'ports'],
  ] as const
  const evidence = left.flatMap(([count, what]) =>
    count > 0 ? [`${count} more ${what} that rules name were not tried: there are too many`] : [],
  )
  return evidence.length === 0
    ? []
    : [finding('FW002', { host, subject: `too many rules, v${family}`, evidence })]
}
