import type { Family } from './rules.ts'
import type { Ruleset } from './ruleset.ts'

/**
 * Reads the output of `iptables-save` or `ip6tables-save`, with and without `-c`, of both backends.
 * Throws InputError with the line and what is wrong with it: a text that is cut off or malformed is never a smaller ruleset.
 * The empty text is a kernel without rules: whether the command failed must be known from its exit code.
 */
export function parseSave(text: string, family: Family): Ruleset {
  throw new Error(`not yet: ${text.length} ${family}`)
}
