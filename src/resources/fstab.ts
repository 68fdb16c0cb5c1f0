import { append, type Bytes, bytesOf, readable, split, whole } from './bytes.ts'

/** The file of fstab(5). */
export const fstab = '/etc/fstab'

/**
 * The fields of a line of fstab(5) or /proc/self/mounts, with `\040` and the like resolved; undefined for a comment or
 * an empty line.
 */
export function fieldsOf(line: Bytes): readonly string[] | undefined {
  const words = line.split(/[ \t]+/).filter(Boolean)
  if (words.length === 0 || words[0]?.startsWith('#')) return undefined
  // Behind the four fields that every line has, a comment may stand.
  const end = words.findIndex((word, i) => i >= 4 && word.startsWith('#'))
  return words
    .slice(0, end < 0 ? undefined : end)
    .map((word) =>
      readable(
        word.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8) & 255)),
      ),
    )
}

/** A line of fstab(5) of these fields: what parts fields or lines is written as octal numbers. */
export function lineOf(fields: readonly string[]): Bytes {
  const words = fields.map((field) =>
    field.replace(/[ \t\n\r\\]|^#/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`),
  )
  return bytesOf(words.join(' '))
}

/** A mount point in one spelling: `/srv/x/`, `/srv//x` and `/srv/./x` are `/srv/x`. */
export function normal(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  return `/${parts.join('/')}`
}

/** The lines that are for these mount points: their places in the file, from 0, and their fields. */
export function entriesFor(
  content: Bytes,
  points: readonly string[],
): readonly { readonly at: number; readonly fields: readonly string[] }[] {
  return split(content).lines.flatMap((line, at) => {
    const fields = fieldsOf(line.text)
    return fields?.[1]?.startsWith('/') && points.includes(normal(fields[1])) ? [{ at, fields }] : []
  })
}

/** With another line in the place of one; without it where `line` is undefined, at the end where `at` is. */
export function withEntry(content: Bytes, at: number | undefined, line: Bytes | undefined): Bytes {
  const { mark, lines } = split(content)
  if (at === undefined) return line === undefined ? content : whole({ mark, lines: append(lines, [line]) })
  const rest = lines.flatMap((l, i) => (i !== at ? [l] : line === undefined ? [] : [{ ...l, text: line }]))
  return whole({ mark, lines: rest })
}

function isSwap(line: Bytes): boolean {
  return fieldsOf(line)?.[2] === 'swap'
}

/** How many lines bring swap back at boot. */
export function swapLines(content: Bytes): number {
  return split(content).lines.filter((l) => isSwap(l.text)).length
}

/** With those lines as comments. */
export function withoutSwap(content: Bytes): Bytes {
  const { mark, lines } = split(content)
  return whole({ mark, lines: lines.map((l) => (isSwap(l.text) ? { ...l, text: `# ${l.text}` } : l)) })
}
