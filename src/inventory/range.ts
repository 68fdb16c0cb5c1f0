/** More hosts than this in one range is a slip of the hand, not an inventory. */
const limit = 10_000

/**
 * Expands host ranges: `h[1:3]` → h1, h2, h3; `n[01:12]` keeps leading zeros; a bound that is no number, or that runs
 * backwards, makes the range no range and `undefined` is returned.
 */
export function expandRange(pattern: string): readonly string[] | undefined {
  const found = /^(.*?)\[(\d+):(\d+)\](.*)$/.exec(pattern)
  if (!found) return pattern.includes('[') ? undefined : [pattern]
  const [, before = '', from = '', to = '', after = ''] = found
  const count = Number(to) - Number(from) + 1
  const rest = expandRange(after)
  if (!rest || count < 1 || count * rest.length > limit) return undefined
  return Array.from({ length: count }, (_, i) => {
    const number = String(Number(from) + i).padStart(from.length, '0')
    return rest.map((end) => `${before}${number}${end}`)
  }).flat()
}

/** Whether a name holds a well-formed range; an IPv6 address in brackets does not. */
export function hasRange(text: string): boolean {
  return /\[\d+:\d+\]/.test(text)
}
