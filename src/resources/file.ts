import { createHash } from 'node:crypto'
import type { Change, Differing, Kind, Planned } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { keyed } from '../secret/digest.ts'
import { revealed, Secret } from '../secret/secret.ts'
import { lines, raw, type Script, sh, showAs } from '../shell/sh.ts'
import { unifiedDiff } from './files-diff.ts'
import { type Access, type AccessOptions, accessOf, checkPath, type Entry, probePaths } from './files-look.ts'

interface Present extends Access {
  readonly path: string
  readonly content: string | Secret
  /** A command with `%s` for the new file, run before it takes its place: `visudo -cf %s`. */
  readonly validate?: string | undefined
}

type Wanted = Present | { readonly path: string; readonly absent: true }

export type FileOptions = Meta &
  (
    | (AccessOptions & {
        readonly content: string | Secret
        readonly validate?: string
        readonly ensure?: 'present'
      })
    | { readonly ensure: 'absent' }
  )

/** A whole file: content, owner, mode. Written beside its place, validated, flushed, then renamed: never half there. */
export function file(path: string, options: FileOptions): Resource<Wanted, Entry> {
  const id = `file[${path}]`
  checkPath(id, path)
  if (options.ensure === 'absent') return resource(kind, path, { path, absent: true }, options)
  // A Buffer, or nothing at all: its type may have been talked away.
  revealed(options.content)
  const access = accessOf(id, { ...options, mode: options.mode ?? '0644' })
  return resource(
    kind,
    path,
    { path, content: options.content, ...access, validate: options.validate },
    options,
  )
}

const kind: Kind<Wanted, Entry> = {
  name: 'file',
  secrets: ['content'],
  probe: probePaths,
  plan(wanted, found) {
    if ('absent' in wanted) return found ? [{ attribute: 'file', from: found.type, to: 'absent' }] : []
    const changes: Change[] = []
    const sum = sumOf(wanted.content)
    // What only some may read was perhaps a secret, too: a digest of a weak one would give it away.
    const isSecret =
      wanted.content instanceof Secret || (found !== undefined && (Number.parseInt(found.mode, 8) & 4) === 0)
    if (found?.sum !== sum)
      changes.push({ attribute: 'content', from: short(found, isSecret), to: shortSum(sum, isSecret) })
    for (const key of ['mode', 'owner', 'group'] as const)
      if (found && found[key] !== wanted[key])
        changes.push({ attribute: key, from: found[key], to: wanted[key] })
    return changes
  },
  // A daemon reads its content; who may read the file changes nothing for one that has.
  triggers: (changes) => changes.some((c) => c.attribute === 'content' || c.attribute === 'file'),
  apply(planned) {
    return lines([sh`set -e; umask 077`, ...planned.map(step)])
  },
  detail(planned) {
    const marked = planned.map((p) => sh`echo --; base64 -w0 -- ${p.desired.path} 2>/dev/null; echo`)
    return {
      script: lines(marked),
      parse({ stdout }) {
        const old = stdout.split(/^--\n/m).slice(1)
        return planned.map((p, i) => withDiff(p, Buffer.from(old[i]?.trim() ?? '', 'base64').toString()))
      },
    }
  },
}

function step({ desired: d, changes }: Planned<Wanted, Entry>): Script {
  if ('absent' in d) return sh`rm -f -- ${d.path}`
  const who = `${d.owner}:${d.group}`
  if (!changes.some((c) => c.attribute === 'content'))
    return sh`chown -- ${who} ${d.path}; chmod -- ${d.mode} ${d.path}`
  const at = d.path.lastIndexOf('/') + 1
  // One name for every run: what a killed one left is overwritten. A leading dot keeps it out of conf.d readers.
  const temp = `${d.path.slice(0, at)}.${d.path.slice(at)}.provision`
  const command = d.validate?.replaceAll('%s', '"$t"') ?? ':'
  // printf is a builtin: no limit on its length, and nothing of the content in any process list.
  const script = lines([
    sh`t=${temp}; trap 'rm -f -- "$t"' EXIT`,
    // cat names what is wrong with the disk; printf would only say "I/O error".
    sh`printf %s ${d.content} | cat > "$t"`,
    sh`chown -- ${who} "$t"; chmod -- ${d.mode} "$t"`,
    raw(command),
    sh`sync -- "$t"; mv -fT -- "$t" ${d.path}; trap - EXIT`,
  ])
  return showAs(script, `write ${d.path} (${Buffer.byteLength(revealed(d.content))} bytes)`)
}

function withDiff({ desired, changes }: Differing<Wanted, Entry>, old: string): readonly Change[] {
  if ('absent' in desired || desired.content instanceof Secret) return changes
  const diff = unifiedDiff(desired.path, old, desired.content)
  return changes.map((c) => (c.attribute === 'content' ? { ...c, diff } : c))
}

function sumOf(content: string | Secret): string {
  return createHash('sha256').update(revealed(content)).digest('hex')
}

function short(found: Entry, isSecret: boolean): string {
  if (!found) return 'absent'
  return found.sum ? shortSum(found.sum, isSecret) : found.type
}

function shortSum(sum: string, isSecret: boolean): string {
  return isSecret ? `keyed:${keyed(sum).slice(0, 12)}` : `sha256:${sum.slice(0, 12)}`
}
