import type { Ruleset } from './ruleset.ts'

/** The text that `parseSave` read, byte for byte. */
export function printSave(ruleset: Ruleset): string {
  throw new Error(`not yet: ${ruleset.family}`)
}
