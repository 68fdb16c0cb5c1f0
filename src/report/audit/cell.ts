import type { ReachCell } from '../../audit/finding.ts'

/**
 * good: as expected · exposed: open, and must not be · blocked: closed, and must not be · unknown: cannot be said.
 */
export type CellVerdict = 'good' | 'exposed' | 'blocked' | 'unknown'

/** Sets what a cell expects against what was computed and what was met. */
export function verdictOf({ expected, effect, observed, protocol }: ReachCell): CellVerdict {
  // A service may be silent to udp and still listen; only a connection's or a ping's silence says something.
  const isSilent = observed === 'silent' && (protocol === 'tcp' || protocol === 'ping')
  const isMet = observed === 'answered' || observed === 'refused'
  if (expected === 'closed') {
    if (effect === 'open' || observed === 'answered') return 'exposed'
    // Nothing came back, for whatever reason: today it is closed. The rule itself is a finding of its own.
    return effect === 'closed' || isSilent ? 'good' : 'unknown'
  }
  if (effect === 'closed') return observed === 'answered' ? 'unknown' : 'blocked'
  if (isSilent) return 'blocked'
  return effect === 'open' || isMet ? 'good' : 'unknown'
}

/** A cell in a word or two: one word where all agree, `expected/effect/observed` where they do not. */
export function cellText(cell: ReachCell): string {
  const { expected, effect, observed } = cell
  const all = [expected, effect, ...(observed ? [observed] : [])].join('/')
  switch (verdictOf(cell)) {
    case 'exposed':
    case 'blocked':
      return `✘ ${all}`
    case 'unknown':
      return `? ${all}`
    case 'good':
      return expected === 'open' && observed === 'refused' ? 'refused' : expected
  }
}

/** What the words of a cell say, for below the table. */
export function legend(probed: boolean): string {
  return [
    'one word: as expected',
    ...(probed ? ['refused: let in, but nobody listens', '*: by the rules only, not tried'] : []),
    `✘ expected/effect${probed ? '/observed' : ''}: not as expected`,
    '? cannot be said',
  ].join(' · ')
}
