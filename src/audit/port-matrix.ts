import type { Policy } from '../firewall/render.ts'
import type { Flow } from '../firewall/rules.ts'

/** A line of the port matrix as it came out for the hosts of an inventory. */
export interface PortRow {
  readonly act: 'allow' | 'deny' | 'published' | 'expired'
  /** The role that declares it; `inventory` for a line that somebody wrote. */
  readonly by: string
  /** Groups, hosts or networks, as they were written. */
  readonly from: readonly string[]
  /** What they are, as far as the inventory knows. */
  readonly addresses: readonly string[]
  readonly to: readonly string[]
  readonly protocol: Flow['protocol']
  readonly ports: readonly (number | string)[]
  readonly reason: string
  readonly owner?: string
  readonly until?: string
}

/** One row for each line, with all hosts that have it. */
export function portRows(policies: ReadonlyMap<string, Policy>): readonly PortRow[] {
  const rows = new Map<string, PortRow>()
  for (const [host, policy] of policies) {
    const expired = policy.expired
    const past = [...(expired?.flows ?? []), ...(expired?.denied ?? []), ...(expired?.published ?? [])]
    const parts: readonly (readonly [PortRow['act'], readonly Flow[]])[] = [
      ['deny', policy.denied ?? []],
      ['allow', policy.flows],
      ['published', policy.published],
      ['expired', past],
    ]
    for (const [act, flows] of parts)
      for (const flow of flows) {
        const row = rowOf(act, flow)
        const key = JSON.stringify(row)
        rows.set(key, { ...row, to: [...(rows.get(key)?.to ?? []), host] })
      }
  }
  return [...rows.values()]
}

function rowOf(act: PortRow['act'], flow: Flow): PortRow {
  const { by = 'inventory', groups, from, protocol, ports = [], reason, owner, until } = flow
  return {
    act,
    by,
    from: groups ?? from,
    addresses: [...new Set(from)],
    to: [],
    protocol,
    ports,
    reason,
    ...(owner === undefined ? {} : { owner }),
    ...(until === undefined ? {} : { until }),
  }
}
