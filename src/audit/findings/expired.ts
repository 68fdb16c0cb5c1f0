import { labelOf } from '../../firewall/render.ts'
import type { Flow } from '../../firewall/rules.ts'
import { finding } from '../catalogue.ts'
import type { Place } from '../effect.ts'
import type { Finding } from '../finding.ts'

/** Lines of the inventory past their day: `still` in the rules of the host, or `gone` from there and still written down. */
export function expired(place: Place, still: readonly Flow[], gone: readonly Flow[]): readonly Finding[] {
  const of = (flow: Flow, evidence: string) =>
    finding('FW082', {
      host: place.name,
      subject: flow.reason,
      evidence: [
        `from ${(flow.groups ?? flow.from).join(', ')}: ${flow.protocol} ${(flow.ports ?? []).join(', ')}`,
        `owner ${flow.owner}, until ${flow.until}`,
        evidence,
      ],
    })
  return [
    ...still.map((flow) => of(flow, `still loaded: rules with the comment "${labelOf(flow)}"`)),
    ...gone.map((flow) => of(flow, 'no rule is loaded for it any more; the line only has to be deleted')),
  ]
}
