import type { Range } from './address.ts'
import type { LoadedRule, Match, PortRange } from './ruleset.ts'

/** May one packet meet both rules? No only where it is certain. */
export function mayOverlap(a: LoadedRule, b: LoadedRule): boolean {
  return !a.matches.some((one) => b.matches.some((other) => areDisjoint(one, other)))
}

function areDisjoint(a: Match, b: Match): boolean {
  if (a.kind === 'protocol' && b.kind === 'protocol')
    return a.protocol !== b.protocol ? !a.not && !b.not : a.not !== b.not
  if (a.kind === 'address' && b.kind === 'address' && a.side === b.side) {
    const mask = a.network.mask & b.network.mask
    return !a.not && !b.not && (a.network.base & mask) !== (b.network.base & mask)
  }
  if (a.kind === 'range' && b.kind === 'range' && a.side === b.side)
    return !a.not && !b.not && !meet(a.range, b.range)
  if (a.kind === 'ports' && b.kind === 'ports' && a.side === b.side && a.side !== 'either')
    return !a.not && !b.not && !a.ranges.some((one) => b.ranges.some((other) => portsMeet(one, other)))
  if (a.kind === 'icmp' && b.kind === 'icmp') return !a.not && !b.not && a.type !== b.type
  if (a.kind === 'state' && b.kind === 'state') return !a.not && !b.not && statesDiffer(a.states, b.states)
  if (a.kind === 'interface' && b.kind === 'interface' && a.way === b.way)
    return !a.not && !b.not && !namesMeet(a.name, b.name)
  return false
}

const meet = (a: Range, b: Range) => a.from <= b.to && b.from <= a.to
const portsMeet = (a: PortRange, b: PortRange) => a.from <= b.to && b.from <= a.to

/** DNAT and SNAT are said of a connection beside its state. */
function statesDiffer(a: readonly string[], b: readonly string[]): boolean {
  const hasNat = [...a, ...b].some((state) => state === 'DNAT' || state === 'SNAT')
  return !hasNat && !a.some((state) => b.includes(state))
}

function namesMeet(a: string, b: string): boolean {
  const [one, other] = [a, b].map((name) => (name.endsWith('+') ? name.slice(0, -1) : name))
  if (one === undefined || other === undefined) return true
  if (a.endsWith('+') && b.endsWith('+')) return one.startsWith(other) || other.startsWith(one)
  if (a.endsWith('+')) return other.startsWith(one)
  return b.endsWith('+') ? one.startsWith(other) : one === other
}
