import { inNetwork, parseAddress, parseNetwork } from '../firewall/address.ts'
import { labelOf, type Policy, textsOf } from '../firewall/render.ts'
import { type Family, type Flow, within } from '../firewall/rules.ts'
import { type Ruleset, rulesIn } from '../firewall/ruleset.ts'

/** What the inventory and the roles want of one host. */
export interface Wish {
  readonly policy: Policy
  /** The rules of it, as text for `iptables-restore`. */
  readonly texts: Readonly<Record<Family, string>>
}

export interface Question {
  readonly family: Family
  readonly protocol: Flow['protocol']
  readonly source: string
  readonly port?: number
}

/** The line that lets this in; undefined where none does. A line of `deny` comes first. */
export function allowedBy(
  { denied = [], ...policy }: Policy,
  question: Question,
  published = false,
): Flow | undefined {
  if (denied.some((flow) => matches(flow, question))) return undefined
  return (published ? policy.published : policy.flows).find((flow) => matches(flow, question))
}

function matches(flow: Flow, { family, protocol, source, port }: Question): boolean {
  return (
    flow.protocol === protocol &&
    (port === undefined || (flow.ports ?? []).some((range) => within(range, port))) &&
    flow.from.some((from) => from === 'any' || holds(from, source, family))
  )
}

/** Is the address in the network, as one of this family? Asked thousands of times: by plain arithmetic. */
function holds(network: string, address: string, family: Family): boolean {
  const [inside, one] = [parseNetwork(network, family), parseAddress(address, family)]
  return inside !== undefined && one !== undefined && inNetwork(one, inside)
}

/** Names of ports: of a range both ends. */
export function portsOf(flow: Flow): readonly number[] {
  return (flow.ports ?? []).flatMap((range) => String(range).split(':').map(Number))
}

/** Lines that are past their day and still in the rules of the host, and the wish as if they were valid. */
export function withExpired(
  policy: Policy,
  own: Readonly<Record<Family, Ruleset>>,
): { readonly wish: Wish; readonly still: readonly Flow[]; readonly gone: readonly Flow[] } {
  const comments = new Set([...commentsOf(own[4]), ...commentsOf(own[6])])
  const isLoaded = (flow: Flow) => comments.has(labelOf(flow))
  const { flows = [], denied = [], published = [] } = policy.expired ?? {}
  const all = [...flows, ...denied, ...published]
  const reference = {
    ...policy,
    flows: [...policy.flows, ...flows.filter(isLoaded)],
    denied: [...(policy.denied ?? []), ...denied.filter(isLoaded)],
    published: [...policy.published, ...published.filter(isLoaded)],
  }
  return {
    wish: { policy: reference, texts: textsOf(reference) },
    still: all.filter(isLoaded),
    gone: all.filter((flow) => !isLoaded(flow)),
  }
}

function* commentsOf(ruleset: Ruleset): Iterable<string> {
  for (const { matches } of rulesIn(ruleset))
    for (const match of matches) if (match.kind === 'comment') yield match.text
}
