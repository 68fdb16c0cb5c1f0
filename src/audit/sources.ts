import {
  type Address,
  inNetwork,
  type Network,
  parseAddress,
  parseNetwork,
  prefixLength,
  printAddress,
} from '../firewall/address.ts'
import type { Policy } from '../firewall/render.ts'
import type { Family, Flow } from '../firewall/rules.ts'
import { type Ruleset, rulesIn } from '../firewall/ruleset.ts'

/** An address that stands for all that the policy and the rules treat alike. */
export interface Source {
  readonly family: Family
  readonly address: string
  /** `h2`, `admin`, `10.9.0.0/16`, `any`. */
  readonly label: string
  /** Only a rule on the host names it: the policy knows nothing of it. */
  readonly isOnlyInRules?: boolean
}

/** A host of the inventory with the addresses it really has. */
export interface Neighbour {
  readonly name: string
  readonly addresses: readonly string[]
}

/** Documentation networks (RFC 5737, RFC 3849) and a benchmark network (RFC 2544): nobody lives there. */
const strangers: Readonly<Record<Family, readonly string[]>> = {
  4: ['198.51.100.77', '203.0.113.77', '192.0.2.77', '198.18.51.77'],
  6: ['2001:db8:51::77', '2001:db8:6666::77', '3fff:51::77'],
}

/**
 * What rules name beyond the policy is tried as far as the answer still comes in seconds: 48 networks and 64 ports of 500
 * rules or fewer, and less of more. What is left out is told (FW002).
 */
export function bounds(ruleset: Ruleset): { readonly networks: number; readonly ports: number } {
  const share = Math.min(1, 500 / Math.max(1, rulesIn(ruleset).length))
  return { networks: Math.ceil(48 * share), ports: Math.ceil(64 * share) }
}

/** Who may come to a host: the other hosts, every group, every network that a rule names, and a stranger. */
export function sourcesFor(
  family: Family,
  others: readonly Neighbour[],
  own: readonly string[],
  policy: Policy,
  ruleset: Ruleset,
): readonly Source[] {
  const hosts = others.flatMap(({ name, addresses }) =>
    addresses
      .filter((address) => parseAddress(address, family) !== undefined)
      .map((address): Source => ({ family, address, label: name })),
  )
  const groups = groupsOf(policy, family)
  const known = new Set(groups.map(({ network }) => `${network.base}/${network.mask}`))
  const inRules = networksOf(ruleset).filter(({ network }) => !known.has(`${network.base}/${network.mask}`))
  const networks = [...groups, ...inRules].map(({ network }) => network)
  const taken = new Set([...hosts.map((h) => h.address), ...own])
  const pick = ({ network, label }: Named, isOnlyInRules: boolean): readonly Source[] => {
    const found = typical(network, networks, family, taken)
    if (found === undefined) return []
    taken.add(found)
    const name = label ?? printNetwork(network, family)
    return [{ family, address: found, label: name, ...(isOnlyInRules ? { isOnlyInRules } : {}) }]
  }
  return [
    ...hosts,
    ...groups.flatMap((named) => pick(named, false)),
    ...inRules.flatMap((named) => pick(named, true)),
    stranger(family, networks),
  ]
}

function stranger(family: Family, networks: readonly Network[]): Source {
  const isFree = (text: string) => {
    const address = parseAddress(text, family)
    return address !== undefined && !networks.some((n) => n.mask !== 0n && inNetwork(address, n))
  }
  const [first = ''] = strangers[family]
  return { family, address: strangers[family].find(isFree) ?? first, label: 'any' }
}

export interface Named {
  readonly network: Network
  readonly label?: string
}

function groupsOf(policy: Policy, family: Family): readonly Named[] {
  const lines: readonly Flow[] = [...policy.flows, ...(policy.denied ?? []), ...policy.published]
  const named = new Map<string, Named>()
  for (const { from, groups = [] } of lines)
    for (const text of from) {
      const network = parseNetwork(text, family)
      if (text === 'any' || !network || named.has(text)) continue
      // The addresses of several groups on one line cannot be told apart: then the network speaks for itself.
      named.set(text, { network, label: groups.length === 1 && groups[0] ? groups[0] : text })
    }
  return [...named.values()]
}

/** Chains that no packet meets on its way in. */
const leaving = new Set(['OUTPUT', 'POSTROUTING'])

export function networksOf(ruleset: Ruleset, most = bounds(ruleset).networks): readonly Named[] {
  const found = new Map<string, Named>()
  for (const { chain, matches } of rulesIn(ruleset))
    for (const match of leaving.has(chain) ? [] : matches)
      if (match.kind === 'address' && match.side === 'source' && found.size < most)
        found.set(`${match.network.base}/${match.network.mask}`, { network: match.network })
  return [...found.values()].filter(({ network }) => network.mask !== 0n)
}

/** An address of the network that nobody has yet and no narrower network takes; undefined when all tried ones are taken. */
function typical(
  { base, mask }: Network,
  networks: readonly Network[],
  family: Family,
  taken: ReadonlySet<string>,
): string | undefined {
  const narrower = networks.filter((n) => n.mask > mask && inNetwork(n.base, { base, mask }))
  const size = (family === 4 ? 0xffffffffn : (1n << 128n) - 1n) ^ mask
  const tries = [1n, 2n, 77n, 200n, size >> 1n, size - 1n, 0n].filter((at) => at >= 0n && at <= size)
  return tries
    .map((at): Address => base | (at & size))
    .filter((address) => !narrower.some((n) => inNetwork(address, n)))
    .map((address) => printAddress(address, family))
    .find((text) => !taken.has(text))
}

function printNetwork({ base, mask }: Network, family: Family): string {
  const length = prefixLength(mask, family)
  return `${printAddress(base, family)}${length === undefined ? '' : `/${length}`}`
}
