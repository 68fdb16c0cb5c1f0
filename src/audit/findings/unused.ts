import { labelOf } from '../../firewall/render.ts'
import { rulesIn } from '../../firewall/ruleset.ts'
import { finding } from '../catalogue.ts'
import type { Place } from '../effect.ts'
import type { Finding } from '../finding.ts'

const daySeconds = 86_400

/**
 * Lines that somebody wrote into the inventory and that no packet has met for so many days. What the roles declare is not
 * asked about: they know what they need, and some of it (a join, a recovery) is rare.
 *
 * The counters begin anew when rules are loaded and when the host starts: a host that nothing is known of for so long is
 * not judged.
 */
export function unused({ name, seen, wish }: Place, afterDays: number): readonly Finding[] {
  const seconds = countedFor(seen)
  if (seconds === undefined || seconds < afterDays * daySeconds) return []
  const hits = new Map<string, bigint>()
  for (const { matches, counters } of [4, 6].flatMap((f) => rulesIn(seen.own[f as 4 | 6]))) {
    const label = matches.find((m) => m.kind === 'comment')?.text
    if (label !== undefined && counters) hits.set(label, (hits.get(label) ?? 0n) + counters.packets)
  }
  const written = [...wish.policy.flows, ...wish.policy.published].filter((flow) => flow.by === 'inventory')
  return written
    .filter((flow) => hits.get(labelOf(flow)) === 0n)
    .map((flow) =>
      finding('FW086', {
        host: name,
        subject: flow.reason,
        evidence: [
          `from ${(flow.groups ?? flow.from).join(', ')}: ${flow.protocol} ${(flow.ports ?? []).join(', ')}`.trim(),
          `owner ${flow.owner ?? 'unknown'}: no packet in ${Math.floor(seconds / daySeconds)} days`,
        ],
      }),
    )
}

/** For how long the counters have counted: since the rules were confirmed, or since the host started. */
function countedFor({ files, clock }: Place['seen']): number | undefined {
  if (!clock) return undefined
  const at = Date.parse(files.get('/var/lib/provision/firewall.confirmed-by')?.split(' ')[0] ?? '')
  if (Number.isNaN(at)) return undefined
  return Math.min(clock.uptimeSeconds, clock.nowSeconds - at / 1000)
}
