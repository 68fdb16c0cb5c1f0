import { InputError } from '../errors.ts'
import { type Script, sh } from '../shell/sh.ts'

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
    }
  | undefined

const types: Readonly<Record<string, 'file' | 'directory' | 'link'>> = {
  f: 'file',
  d: 'directory',
  l: 'link',
}

/** Looks at any number of paths in one process. */
export function lookScript(paths: readonly string[]): Script {
  return sh`find ${paths} -maxdepth 0 -printf '%y|%m|%u|%g|%p|%l\n' 2>/dev/null`
}

export function readLook(stdout: string): ReadonlyMap<string, Entry> {
  return new Map(
    stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => {
        const [type = '', mode = '', owner = '', group = '', path = '', target = ''] = line.split('|')
        return [path, { type: types[type] ?? 'other', mode, owner, group, target }]
      }),
  )
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
