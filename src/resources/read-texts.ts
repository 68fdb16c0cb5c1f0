import { randomBytes } from 'node:crypto'
import { lastLines } from '../errors.ts'
import type { Output, Probe } from '../model/probe.ts'
import { type Script, sh } from '../shell/sh.ts'
import { type Bytes, bytesOf, readable, split } from './bytes.ts'

/** What a wish needs to read: whole files, also those of /proc and /sys. */
export interface Reads {
  readonly reads: readonly string[]
}

/** What is at a path: all bytes of a file, or why there are none. */
export type Text = { readonly bytes: Bytes } | { readonly trouble: string }

/** By path. What is not there has no entry. */
export type Texts = ReadonlyMap<string, Text>

/** Bytes of a file that are read at most. Whoever edits a longer one by lines is told so. */
const limit = 64 * 2 ** 20

/** A link whose target is not there yet: whoever writes through it makes the target. */
export const leadsNowhere = 'it is a link that leads nowhere'

/** A file's lines, to be read only (they are decoded as UTF-8); undefined where it is not there, or cannot be read. */
export function linesIn(texts: Texts, path: string): readonly string[] | undefined {
  const found = texts.get(path)
  return found && 'bytes' in found ? split(found.bytes).lines.map(({ text }) => readable(text)) : undefined
}

/** The probe of all kinds that look into text files: one process for any number of files and kinds. */
export function probeTexts(wishes: readonly Reads[]): Probe<readonly Texts[]> {
  const paths = [...new Set(wishes.flatMap((w) => w.reads))]
  const { script, parse } = readWhole((look) => sh`for f in ${paths}; do ${look}; done`)
  return {
    script,
    parse(output) {
      const found = parse(output)
      const texts = new Map(
        paths.flatMap((path): [string, Text][] => {
          const text = found.get(bytesOf(path))
          return text ? [[path, text]] : []
        }),
      )
      return wishes.map(() => texts)
    },
  }
}

/**
 * Reads whole files, byte for byte, in one process. `walk` is a script that runs `look` with `$f` set to each path in
 * turn; what it prints beside that must not begin with `file `, `link ` or `other `. Gives what is there, by path (as bytes).
 *
 * The shell itself says what is there. `head -v` writes a heading with the path before each file; a random run of `/`
 * and `/.` before the path leads to the same file, and makes headings that no file's content can forge.
 */
export function readWhole(walk: (look: Script) => Script): {
  readonly script: Script
  parse(output: Output): ReadonlyMap<Bytes, Text>
} {
  const bits = Array.from(randomBytes(8), (byte) => byte.toString(2).padStart(8, '0')).join('')
  const mark = bits.replaceAll('0', '/').replaceAll('1', '/.')
  const look = sh`if [ -f "$f" ]; then printf 'file %s\n' "$f"; set -- "$@" ${mark}"$f"; elif [ -e "$f" ]; then printf 'other %s\n' "$f"; elif [ -L "$f" ]; then printf 'link %s\n' "$f"; fi`
  return {
    // A shell of its own: what is in $1 of the batch stays there. It becomes `head`, and so costs no process.
    script: sh`( set --; ${walk(look)}; echo --; [ $# = 0 ] || exec head -v -c ${limit} -- "$@" )`,
    parse: (output) => textsIn(output, mark),
  }
}

function textsIn(
  { code, stdout, bytes = Buffer.from(stdout), stderr }: Output,
  mark: string,
): ReadonlyMap<Bytes, Text> {
  const answer = bytes.toString('latin1')
  const border = /^--$/m.exec(answer)?.index
  if (border === undefined) throw new Error('the answer is cut off')
  const paths = (state: string) => rowsOf(answer.slice(0, border), state)
  const troubles = stderr.split('\n').filter((said) => said.includes(mark))
  const known = new Map<Bytes, Text>([
    ...paths('other').map((path): [Bytes, Text] => [path, { trouble: 'it is no file' }]),
    ...paths('link').map((path): [Bytes, Text] => [path, { trouble: leadsNowhere }]),
    ...paths('file').flatMap((path): [Bytes, Text][] => {
      const name = `${mark}${readable(path)}`
      const why = troubles.find((said) => said.includes(`${name}'`) || said.includes(`${name}"`))
      return why === undefined ? [] : [[path, { trouble: why.slice(why.lastIndexOf(': ') + 2) }]]
    }),
  ])
  if (code !== 0 && ![...known.values()].some((text) => 'trouble' in text))
    throw new Error(`the files were not read: ${lastLines(stderr)}`)
  const parts = answer.slice(border).split(`==> ${mark}`).slice(1)
  parts.forEach((part, i) => {
    const end = part.indexOf(' <==\n')
    const path = part.slice(0, end)
    // Before each heading but the first stands an empty line.
    const bytes = part.slice(end + 5, i === parts.length - 1 ? part.length : -1)
    // What could not be read to its end has a heading all the same.
    if (known.has(path)) return
    known.set(path, bytes.length < limit ? { bytes } : { trouble: `it is longer than ${limit} bytes` })
  })
  for (const path of paths('file')) if (!known.has(path)) throw new Error(`${readable(path)} was not read`)
  return known
}

/** The rows of what the shell itself has said that begin with a word, without it. */
export function rowsOf(said: Bytes, word: string): readonly Bytes[] {
  return said.split('\n').flatMap((row) => (row.startsWith(`${word} `) ? [row.slice(word.length + 1)] : []))
}
