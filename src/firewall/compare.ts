import { forwardChain, inChain } from './render.ts'
import type { LoadedRule, Ruleset } from './ruleset.ts'

export interface Difference {
  /** `reordered` only where the order changes the effect. */
  readonly kind: 'missing' | 'extra' | 'duplicated' | 'changed' | 'reordered'
  readonly chain: string
  /** Missing, changed, reordered: as it should be. */
  readonly wanted?: LoadedRule
  /** Extra, duplicated, changed, reordered: as it is. */
  readonly loaded?: LoadedRule
  /** One sentence, where the two rules do not say it by themselves. */
  readonly why?: string
}

/** A rule `-j to` that has to be the first one of its chain. */
export interface Jump {
  readonly from: string
  readonly to: string
}

/** From INPUT and from DOCKER-USER, as the script on the host keeps them. */
export const ownJumps: readonly Jump[] = [
  { from: 'INPUT', to: inChain },
  { from: 'DOCKER-USER', to: forwardChain },
]

/**
 * Our own chains of the filter table, as they are loaded and as `render` wants them, by meaning: `-p 112` is `-p vrrp`.
 * And the jumps to them, which `render` does not contain. No difference: an empty list.
 */
export function compare(
  loaded: Ruleset,
  wanted: Ruleset,
  jumps: readonly Jump[] = ownJumps,
): readonly Difference[] {
  throw new Error(`not yet: ${loaded.family} ${wanted.family} ${jumps.length}`)
}

/** A unified diff from what is loaded to what is wanted, of our own chains. Empty when they mean the same. */
export function diffRules(loaded: Ruleset, wanted: Ruleset, jumps: readonly Jump[] = ownJumps): string {
  throw new Error(`not yet: ${loaded.family} ${wanted.family} ${jumps.length}`)
}
