import type { Network } from './address.ts'
import type { Match, PortRange } from './ruleset.ts'

/** A condition with its text (`conditionOf`), which is made once and compared often. */
export interface Condition {
  readonly match: Match
  readonly text: string
}

/** Does a packet that meets `narrow` certainly meet `wide`? */
export function implies(narrow: Condition, wide: Condition): boolean {
  const [a, b] = [narrow.match, wide.match]
  if (a.kind !== b.kind) return implyAcross(a, b)
  if ('not' in a && 'not' in b && !a.not && !b.not && isWithin(a, b)) return true
  return narrow.text === wide.text
}

function isWithin(a: Match, b: Match): boolean {
  if (a.kind === 'address' && b.kind === 'address') return a.side === b.side && isInside(a.network, b.network)
  if (a.kind === 'range' && b.kind === 'range')
    return a.side === b.side && a.range.from >= b.range.from && a.range.to <= b.range.to
  if (a.kind === 'ports' && b.kind === 'ports')
    return (a.side === b.side || b.side === 'either') && areInside(a.ranges, b.ranges)
  if (a.kind === 'icmp' && b.kind === 'icmp')
    return a.type === b.type && (b.code === undefined || a.code === b.code)
  if (a.kind === 'state' && b.kind === 'state') return a.states.every((state) => b.states.includes(state))
  if (a.kind === 'interface' && b.kind === 'interface')
    return a.way === b.way && b.name.endsWith('+') && a.name.startsWith(b.name.slice(0, -1))
  return false
}

/** An address lies in a range. */
function implyAcross(narrow: Match, wide: Match): boolean {
  if (narrow.kind === 'address' && wide.kind === 'range' && !narrow.not && !wide.not) {
    const { base, mask } = narrow.network
    const isOne = mask === (1n << 32n) - 1n || mask === (1n << 128n) - 1n
    return isOne && narrow.side === wide.side && base >= wide.range.from && base <= wide.range.to
  }
  return false
}

const isInside = (a: Network, b: Network) => (a.mask & b.mask) === b.mask && (a.base & b.mask) === b.base

const areInside = (a: readonly PortRange[], b: readonly PortRange[]) =>
  a.every((one) => b.some(({ from, to }) => one.from >= from && one.to <= to))
