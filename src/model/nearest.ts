import { closest } from 'fastest-levenshtein'

/** The `next` of an error about a name: the nearest one there is, then all of them. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined
  return `did you mean ${closest(name, known)}? Known here: ${known.join(', ')}`
}
