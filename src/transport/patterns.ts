/**
 * Does `text` match a list of patterns as OpenSSH reads them (PATTERNS in ssh_config(5)): `*` any text, `?` one character, `!`
 * before a pattern takes out whom it names, whatever the others say? Letters of either case are alike.
 */
export function matchesPatterns(patterns: readonly string[], text: string): boolean {
  const name = text.toLowerCase()
  const matches = (pattern: string) => matchesPattern(pattern.toLowerCase(), name)
  if (patterns.some((p) => p.startsWith('!') && matches(p.slice(1)))) return false
  return patterns.some((p) => !p.startsWith('!') && matches(p))
}

/** In time proportional to both lengths: an expression made of many `*` could take for ever. */
function matchesPattern(pattern: string, text: string): boolean {
  let p = 0
  let star = -1
  let from = 0
  for (let t = 0; t < text.length; ) {
    if (pattern[p] === '*') {
      star = p++
      from = t
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++from
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}
