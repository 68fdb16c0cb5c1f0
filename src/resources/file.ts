import { createHash } from 'node:crypto'
import { InputError } from '../errors.ts'
import type { Change, Kind, Planned } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { Secret } from '../secret/secret.ts'
import { lines, type Script, sh, showAs } from '../shell/sh.ts'

interface Present {
  readonly path: string
  readonly content: string | Secret
  readonly owner: string
  readonly group: string
  /** Octal text, as `stat` prints it: `644`. */
  readonly mode: string
  /** A command with `%s` for the new file, run before it takes its place: `visudo -cf %s`. */
  readonly validate?: string | undefined
}

type Wanted = Present | { readonly path: string; readonly absent: true }

/** `undefined`: nothing there. `sum` is of regular files only. */
export type Found =
  | {
      readonly type: string
      readonly mode: string
      readonly owner: string
      readonly group: string
      readonly sum?: string | undefined
    }
  | undefined

export type FileOptions = Meta &
  (
    | {
        readonly content: string | Secret
        readonly owner?: string
        readonly group?: string
        readonly mode?: string
        readonly validate?: string
        readonly ensure?: 'present'
      }
    | { readonly ensure: 'absent' }
  )

/** A whole file: content, owner, mode. Written beside its place, validated, flushed, then renamed: never half there. */
export function file(path: string, options: FileOptions): Resource<Wanted, Found> {
  refuse(path)
  if (options.ensure === 'absent') return resource(kind, path, { path, absent: true }, options)
  const { content, owner = 'root', group = 'root', mode = '0644', validate } = options
  if (!/^0[0-7]{3,4}$/.test(mode))
    throw new InputError({
      what: `file[${path}]: mode must be octal text such as '0644', not ${JSON.stringify(mode)}`,
    })
  const wanted: Present = { path, content, owner, group, mode: mode.replace(/^0+(?=.)/, ''), validate }
  return resource(kind, path, wanted, options)
}

const kind: Kind<Wanted, Found> = {
  name: 'file',
  // Two processes for any number of files.
  probe(desired) {
    const paths = desired.map((d) => d.path)
    return {
      script: sh`stat -c '%F|%a|%U|%G|%n' -- ${paths} 2>/dev/null
echo --
sha256sum -- ${paths} 2>/dev/null`,
      parse({ stdout }) {
        const border = stdout.indexOf('--\n')
        if (border < 0) throw new Error('the answer is cut off')
        const sums = new Map(
          stdout
            .slice(border + 3)
            .split('\n')
            .map((line) => [line.slice(66), line.slice(0, 64)]),
        )
        const stats = new Map(
          stdout
            .slice(0, border)
            .split('\n')
            .map((line) => {
              const [type = '', mode = '', owner = '', group = '', ...path] = line.split('|')
              return [path.join('|'), { type, mode, owner, group }]
            }),
        )
        return paths.map((path) => {
          const found = stats.get(path)
          return found && { ...found, sum: sums.get(path) }
        })
      },
    }
  },
  plan(wanted, found) {
    if ('absent' in wanted) return found ? [change('file', found.type, 'absent')] : []
    const changes: Change[] = []
    const sum = sumOf(wanted.content)
    if (found?.sum !== sum) changes.push(change('content', found ? short(found.sum) : 'absent', short(sum)))
    for (const key of ['mode', 'owner', 'group'] as const)
      if (found?.[key] !== wanted[key]) changes.push(change(key, found?.[key] ?? 'absent', wanted[key]))
    return changes
  },
  apply(planned) {
    return lines([sh`set -e; umask 077`, ...planned.map(step)])
  },
  absent: (path) => ({ path, absent: true }),
}

function step({ desired: d, changes }: Planned<Wanted, Found>): Script {
  if ('absent' in d) return sh`rm -f -- ${d.path}`
  if (!changes.some((c) => c.attribute === 'content'))
    return sh`chown -h -- ${`${d.owner}:${d.group}`} ${d.path}; chmod -- ${d.mode} ${d.path}`
  const at = d.path.lastIndexOf('/') + 1
  const temp = `${d.path.slice(0, at)}.${d.path.slice(at)}.provision`
  const check = d.validate ? sh`${{ text: d.validate, shown: d.validate }}` : sh`:`
  const command = { text: check.text.replaceAll('%s', '"$t"'), shown: check.shown }
  // printf is a builtin: no limit on its length, and nothing of the content in any process list.
  const script = sh`t=${temp}; trap 'rm -f -- "$t"' EXIT
printf %s ${d.content} > "$t"
chown -- ${`${d.owner}:${d.group}`} "$t"; chmod -- ${d.mode} "$t"
${command}
sync -- "$t"; mv -fT -- "$t" ${d.path}; trap - EXIT`
  const size = Buffer.byteLength(textOf(d.content))
  return showAs(script, `write ${d.path} (${size} bytes)`)
}

function change(attribute: string, from: unknown, to: unknown): Change {
  return { attribute, from, to }
}

function textOf(content: string | Secret): string {
  return content instanceof Secret ? content.reveal() : content
}

function sumOf(content: string | Secret): string {
  return createHash('sha256').update(textOf(content)).digest('hex')
}

function short(sum: string | undefined): string {
  return sum ? `sha256:${sum.slice(0, 12)}` : 'not a regular file'
}

/** stat and sha256sum escape such names, and no file of a server needs one. */
function refuse(path: string): void {
  if (!path.startsWith('/') || /[\\\n|]/.test(path) || path.endsWith('/'))
    throw new InputError({
      what: `file[${path}]: give an absolute path without backslash, newline, | or a final /`,
    })
}
