import { randomUUID } from 'node:crypto'
import { type Output, outputOf } from '../model/probe.ts'
import { lines, raw, type Script, sh, showAs } from '../shell/sh.ts'

// Many scripts in one exec: how they are put together, and how what came back is taken apart.

/** One part of a batch. An isolated part gets a `sh` of its own, so that even its syntax errors stay its own. */
export interface Part {
  readonly script: Script
  readonly isolated?: boolean | undefined
}

export interface Batch {
  readonly script: Script
  /** Splits what came back into one Output per part. A part that never ran is undefined. */
  read(output: Output): readonly (Output | undefined)[]
}

/**
 * Many scripts as one. Each part is framed, on stdout and on stderr, by lines with a random mark, so that no
 * output can forge a border; the part's exit code stands in its closing mark. No temporary file, and no process
 * beside those that the parts start themselves.
 *
 * The whole is one `{ … }`: the shell parses it to the end before it runs the first word, so a link that is cut
 * while the script is being sent runs nothing at all.
 */
export function batch(parts: readonly Part[]): Batch {
  const mark = randomUUID()
  const text = lines([
    sh`{`,
    // The shell outlives its reader: a run that dies lets the step in hand finish. Children get the default back.
    sh`trap : PIPE; trap '' HUP`,
    ...parts.map((part, i) => framed(part, i, mark)),
    sh`exit 0`,
    sh`}`,
    sh``,
  ])
  return {
    script: showAs(text, parts.map((part) => part.script.shown).join('\n')),
    read: (output) => read(output, parts.length, mark),
  }
}

function framed({ script, isolated }: Part, index: number, mark: string): Script {
  const border = `${mark} ${index}`
  const body = isolated
    ? lines([sh`sh /dev/fd/4 4<<'${raw(mark)}' </dev/null 8>&-`, script, raw(mark)])
    : lines([sh`{ :`, script, sh`} </dev/null`])
  return lines([
    sh`printf '%s\n' ${border}; printf '%s\n' ${border} >&2`,
    body,
    // `$code` stays readable for the next part: what is owed is paid only when the change before it succeeded.
    sh`code=$?; printf '\n%s %s\n' ${border} "$code"; printf '\n%s\n' ${border} >&2`,
  ])
}

function read(output: Output, count: number, mark: string): readonly (Output | undefined)[] {
  const stdout = output.bytes ?? Buffer.from(output.stdout)
  const stderr = Buffer.from(output.stderr)
  return Array.from({ length: count }, (_, i) => {
    const border = `${mark} ${i}`
    const out = between(stdout, `${border}\n`, `\n${border} `)
    if (!out) return undefined
    const err = between(stderr, `${border}\n`, `\n${border}\n`)
    return outputOf(Number.parseInt(out.after, 10), out.bytes, err?.bytes ?? '')
  })
}

function between(
  text: Buffer,
  open: string,
  close: string,
): { readonly bytes: Buffer; readonly after: string } | undefined {
  const from = text.indexOf(open)
  if (from < 0) return undefined
  const start = from + open.length
  // An empty part closes at once: its border's leading newline is then the very next character.
  const end = text.indexOf(close, start)
  if (end < 0) return undefined
  const after = text.subarray(end + close.length, end + close.length + 8)
  return { bytes: text.subarray(start, end), after: after.toString('latin1') }
}
