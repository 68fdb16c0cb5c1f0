/**
 * The content of a file as text of one char (U+0000 to U+00FF) for each byte: JavaScript's text functions work on it,
 * and no decoding can change what is not ours.
 */
export type Bytes = string

/** The bytes of a text that we write: UTF-8. */
export function bytesOf(text: string): Bytes {
  return Buffer.from(text).toString('latin1')
}

/** Bytes for a person, or for a pattern, to read: as UTF-8, with U+FFFD for what is none. Never written back. */
export function readable(bytes: Bytes): string {
  return Buffer.from(bytes, 'latin1').toString()
}

/** A line of a file: what is on it, and the bytes that end it. A last line may lack its end, or half of it (`\r`). */
export interface Line {
  readonly text: Bytes
  readonly end: '\n' | '\r\n' | '\r' | ''
}

/** A file in lines. Together they are the file again, byte for byte: `whole(split(x)) === x`. */
export interface Lines {
  /** A byte order mark that some editors write before the first line: no part of the line. */
  readonly mark: Bytes
  readonly lines: readonly Line[]
}

const byteOrderMark = bytesOf('\uFEFF')

export function split(bytes: Bytes): Lines {
  const mark = bytes.startsWith(byteOrderMark) ? byteOrderMark : ''
  const rows = bytes.slice(mark.length).match(/[^\n]*\n|[^\n]+$/g) ?? []
  return { mark, lines: rows.map(lineOf) }
}

function lineOf(row: Bytes): Line {
  const end = (/\r?\n$|\r$/.exec(row)?.[0] ?? '') as Line['end']
  return { text: row.slice(0, row.length - end.length), end }
}

export function whole({ mark, lines }: Lines): Bytes {
  return mark + lines.map(({ text, end }) => text + end).join('')
}

/** How the lines of a file end: as most of them do. */
export function endOf(lines: readonly Line[]): '\n' | '\r\n' {
  const long = lines.filter(({ end }) => end === '\r\n').length
  return long > lines.filter(({ end }) => end === '\n').length ? '\r\n' : '\n'
}

/** Lines with more of them at the end. A last line that lacks its end gets it first, or the two would become one. */
export function append(lines: readonly Line[], texts: readonly Bytes[]): readonly Line[] {
  if (texts.length === 0) return lines
  const end = endOf(lines)
  return [...lines.map((line) => ended(line, end)), ...texts.map((text) => ({ text, end }))]
}

function ended(line: Line, end: '\n' | '\r\n'): Line {
  if (line.end === '') return { ...line, end }
  return line.end === '\r' ? { ...line, end: '\r\n' } : line
}
