import { InputError } from '../errors.ts'
import { append, type Bytes, readable, split, whole } from './bytes.ts'

/** Which line another one replaces: a RegExp, or how the line begins (a string is a prefix, too). */
export type Pattern = RegExp | string | { readonly prefix: string }

/** Does a line match? */
export type Matches = (line: Bytes) => boolean

/** What only a regular expression has: a string with it was meant to be one, and would match nothing. */
const expression =
  /^\^|[^\\]\$$|\\[dDsSwWbB.*+?()[\]{}|]|[.)\]][*+?]|[\w=]\*$|^#\?|\[\^?\w-\w|\(\?[:=!<]|^\S+\|\S/

/** Throws InputError for a pattern that would match every line, or that is not what it looks like. */
export function patternOf(id: string, pattern: Pattern): Matches {
  if (pattern instanceof RegExp) {
    // A RegExp with one of these flags goes on where its last match ended: its answer would depend on who asked before.
    const own = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''))
    if (own.test(''))
      throw new InputError({
        what: `${id}: replaces: ${pattern} matches an empty line, too: lines that are not meant would go`,
        next: 'let it demand what the line begins with, such as /^KEY=/',
      })
    return (line) => own.test(readable(line))
  }
  const prefix = typeof pattern === 'string' ? pattern : pattern.prefix
  if (prefix.trim() === '' || /[\n\r\0]/.test(prefix))
    throw new InputError({
      what: `${id}: replaces: ${JSON.stringify(prefix)} is not how a line begins`,
      next: 'give the first words of the line, or a RegExp',
    })
  if (typeof pattern === 'string' && expression.test(pattern))
    throw new InputError({
      what: `${id}: replaces: ${JSON.stringify(pattern)} is a prefix, as all strings are, and looks like a regular expression`,
      next: `write a RegExp: /${pattern}/; or { prefix: … } where the line really begins so`,
    })
  return (line) => readable(line).startsWith(prefix)
}

/**
 * A file with a line in it exactly once: in the place of the first line that matches, and all others that match go;
 * where none does it stays where it first is, else it comes at the end. `absent`: without lines that are exactly it.
 */
export function withLine(before: Bytes, text: Bytes, matches: Matches | 'absent' | undefined): Bytes {
  const { mark, lines } = split(before)
  const is = lines.map((l) => l.text === text)
  if (matches === 'absent') return whole({ mark, lines: lines.filter((_, i) => !is[i]) })
  const matching = lines.map((l) => matches?.(l.text) === true)
  const place = matching.includes(true) ? matching.indexOf(true) : is.indexOf(true)
  if (place < 0) return whole({ mark, lines: append(lines, [text]) })
  const kept = lines.flatMap((l, i) =>
    i === place ? [{ text, end: l.end }] : is[i] || matching[i] ? [] : [l],
  )
  return whole({ mark, lines: kept })
}
