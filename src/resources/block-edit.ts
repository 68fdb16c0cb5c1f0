import { RefusedError } from '../errors.ts'
import { append, type Bytes, endOf, type Line, readable, split, whole } from './bytes.ts'

const begin = '# BEGIN provision '
const finish = '# END provision '

/**
 * A file with these lines between the marks of a block, or without it. Throws RefusedError, with the line's number, where the
 * marks leave open what belongs to the block: all that stands between them goes.
 */
export function withBlock(
  path: string,
  before: Bytes,
  name: Bytes,
  wanted: readonly Bytes[] | undefined,
): Bytes {
  const { mark, lines } = split(before)
  const place = find(path, lines, name)
  const texts = wanted && [begin + name, ...wanted, finish + name]
  if (!place) return texts ? whole({ mark, lines: append(lines, texts) }) : before
  const [from, to] = place
  const found = lines.slice(from, to + 1)
  if (texts && texts.length === found.length && texts.every((text, i) => text === found[i]?.text))
    return before
  const end = endOf(lines)
  // The last line of a file may lack its end; the one in its place then does, too.
  const last = found.at(-1)?.end ?? end
  const made = texts?.map((text, i): Line => ({ text, end: i === texts.length - 1 ? last : end })) ?? []
  return whole({ mark, lines: [...lines.slice(0, from), ...made, ...lines.slice(to + 1)] })
}

/** First and last line of a block; undefined where there is none. */
function find(path: string, lines: readonly Line[], name: Bytes): readonly [number, number] | undefined {
  const at = (text: Bytes) => lines.flatMap((line, i) => (line.text === text ? [i] : []))
  const opens = at(begin + name)
  const closes = at(finish + name)
  const [open, another] = opens
  const [close] = closes
  const no = (what: string) => {
    throw new RefusedError({
      what: `${path}: block ${readable(name)}: ${what}`,
      why: 'what belongs to the block is not clear: nothing was changed',
      next: `mend the marks by hand ("${readable(begin + name)}", "${readable(finish + name)}"), or take them out; then run again`,
    })
  }
  if (open === undefined && close === undefined) return undefined
  if (open === undefined) return no(`END without BEGIN at line ${(close ?? 0) + 1}`)
  if (close !== undefined && close < open) return no(`END without BEGIN at line ${close + 1}`)
  if (another !== undefined && (close === undefined || another < close))
    return no(`BEGIN without END at line ${open + 1}, and BEGIN again at line ${another + 1}`)
  if (close === undefined) return no(`BEGIN without END at line ${open + 1}`)
  if (another !== undefined) return no(`it is there twice, at line ${open + 1} and at line ${another + 1}`)
  if (closes[1] !== undefined) return no(`END without BEGIN at line ${closes[1] + 1}`)
  const inner = lines
    .slice(open + 1, close)
    .findIndex((line) => line.text.startsWith(begin) || line.text.startsWith(finish))
  if (inner >= 0) return no(`the mark of another block is within it, at line ${open + inner + 2}`)
  return [open, close]
}
