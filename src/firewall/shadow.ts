import type { LoadedRule, Ruleset } from './ruleset.ts'

export interface Shadow {
  /** `duplicate`: the same conditions and the same target as an earlier rule. `shadowed`: an earlier rule takes all. */
  readonly kind: 'shadowed' | 'duplicate'
  readonly rule: LoadedRule
  /** The earlier rule of the same chain. */
  readonly by: LoadedRule
}

export interface Shadows {
  readonly found: readonly Shadow[]
  /** False when the search ended at its bound: there may be more. */
  readonly complete: boolean
}

/**
 * Rules that can never match because one earlier rule of the same chain takes all that they could. Conservative: two rules
 * that together take all are not seen, and what is not certain is not said. In all tables.
 */
export function shadows(ruleset: Ruleset): Shadows {
  throw new Error(`not yet: ${ruleset.family}`)
}
