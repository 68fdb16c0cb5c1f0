import { InputError } from '../errors.ts'
import type { Probe } from '../model/probe.ts'
import { lines, sh } from '../shell/sh.ts'

/** What is at a path; undefined where nothing is. */
export type Entry =
  | {
      readonly type: 'file' | 'directory' | 'link' | 'other'
      /** Octal, without leading zeros: `644`. */
      readonly mode: string
      readonly owner: string
      readonly group: string
      /** Where a link points to. */
      readonly target: string
      /** SHA-256 of a regular file whose content is wished for. */
      readonly sum?: string | undefined
    }
  | undefined

const types: Readonly<Record<string, 'file' | 'directory' | 'link'>> = {
  f: 'file',
  d: 'directory',
  l: 'link',
}

/** What a path is wished to be, as far as looking at it goes. A file whose content is wished for is summed. */
interface Wish {
  readonly path: string
  readonly content?: unknown
}

/** The probe of files, directories and links together: two processes for any number of them. */
export function probePaths(wishes: readonly Wish[]): Probe<readonly Entry[]> {
  const paths = wishes.map((w) => w.path)
  const summed = wishes.filter((w) => w.content !== undefined).map((w) => w.path)
  return {
    script: lines([
      sh`find ${paths} -maxdepth 0 -printf '%y|%m|%u|%g|%p|%l\n' 2>/dev/null; echo --`,
      summed.length > 0 ? sh`sha256sum -- ${summed} 2>/dev/null` : sh`:`,
    ]),
    parse({ stdout }) {
      const [look = '', sums] = stdout.split(/^--\n/m)
      if (sums === undefined) throw new Error('the answer is cut off')
      const sumOf = new Map(sums.split('\n').map((line) => [line.slice(66), line.slice(0, 64)]))
      const entries = new Map(
        look
          .split('\n')
          .filter(Boolean)
          .map((line): [string, Entry] => {
            const [type = '', mode = '', owner = '', group = '', path = '', target = ''] = line.split('|')
            const known = types[type] ?? 'other'
            const sum = known === 'file' ? sumOf.get(path) : undefined
            return [path, { type: known, mode, owner, group, target, sum }]
          }),
      )
      return paths.map((path) => entries.get(path))
    },
  }
}

/** Who may do what: the same three for files and directories. */
export interface Access {
  readonly owner: string
  readonly group: string
  readonly mode: string
}

export interface AccessOptions {
  readonly owner?: string
  readonly group?: string
  /** Octal text such as '0644'. */
  readonly mode?: string
}

/** Checks and completes the access of a wish. A mode is text, so that no decimal 755 is ever taken for an octal one. */
export function accessOf(id: string, { owner = 'root', group = 'root', mode = '' }: AccessOptions): Access {
  if (!/^0[0-7]{3,4}$/.test(mode))
    throw new InputError({
      what: `${id}: mode must be octal text such as '0644', not ${JSON.stringify(mode)}`,
    })
  return { owner, group, mode: mode.replace(/^0+(?=.)/, '') }
}

/** Refuses names that our one-line answers could not carry; no file of a server needs one. */
export function checkPath(id: string, path: string): void {
  if (!path.startsWith('/') || path.endsWith('/') || /[\\\n|\0]/.test(path))
    throw new InputError({ what: `${id}: give an absolute path without backslash, newline, | or a final /` })
}
