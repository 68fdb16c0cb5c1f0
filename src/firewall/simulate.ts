import { covers, type Rule, within } from './rules.ts'

/** The first packet of a connection to the host itself. */
export interface Packet {
  readonly protocol: 'tcp' | 'udp'
  readonly from: string
  readonly port: number
}

/** Would these rules let a new connection in? The first line that decides, decides; none is a no. Pure. */
export function admits(rules: readonly Rule[], packet: Packet): boolean {
  const deciding = rules.find((rule) => rule.admits && matches(rule.admits, packet))
  return deciding?.target === 'ACCEPT'
}

function matches(rule: NonNullable<Rule['admits']>, packet: Packet): boolean {
  if (rule.protocol === 'all') return true
  if (rule.protocol !== packet.protocol) return false
  if (rule.from !== undefined && !covers(rule.from, packet.from)) return false
  return (rule.ports ?? []).some((range) => within(range, packet.port))
}
