import { visible } from './words.ts'

/** Names in a column's width: all of a few, else the first, the last and how many. */
export function names(list: readonly string[], most = 4): string {
  const shown = list.map(visible)
  if (shown.length <= most) return shown.join(' ')
  return `${shown[0]} … ${shown.at(-1)} (${shown.length})`
}
