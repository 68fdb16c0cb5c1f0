import { InputError, RefusedError } from '../errors.ts'
import type { Change, Kind, Planned } from '../model/kind.ts'
import type { Probe } from '../model/probe.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { lines, type Script, sh } from '../shell/sh.ts'
import { type Bytes, readable, split } from './bytes.ts'
import { entriesFor, fieldsOf, fstab, lineOf, normal, withEntry } from './fstab.ts'
import { probeTexts, type Texts } from './read-texts.ts'
import { rewrite, rewriteTools } from './rewrite.ts'
import { contentOf } from './text-edit.ts'

interface Wanted {
  readonly path: string
  /** The fields of fstab(5); undefined when there shall be no line. */
  readonly fields: readonly string[] | undefined
  readonly options: readonly string[]
}

interface Seen {
  /** The content of fstab; undefined where there is none. */
  readonly content: Bytes | undefined
  /** The mount point, and where links in its path lead: the kernel knows it by that. */
  readonly points: readonly string[]
  /** What is mounted there now, as /proc/self/mounts says it: the first at the bottom. */
  readonly mounted: readonly { readonly options: readonly string[] }[]
}

export type MountOptions = Meta &
  (
    | {
        /** Device, `UUID=…`, `LABEL=…`, or a name for file systems without one. */
        readonly device: string
        readonly fstype: string
        /** Default `['defaults']`. */
        readonly options?: readonly string[]
        readonly ensure?: 'mounted'
      }
    | { readonly ensure: 'absent' }
  )

/**
 * A file system in /etc/fstab and mounted now, with these options. Another device or its absence risks data. Blanks and
 * backslashes are written as they are: fstab's own escapes are made here. Throws InputError for what is no mount point.
 */
export function mount(point: string, spec: MountOptions): Resource<Wanted, Seen> {
  const id = `mount[${point}]`
  if (!point.startsWith('/') || /[\n\0]/.test(point) || point.split('/').includes('..'))
    throw new InputError({ what: `${id}: give an absolute path without newline and ..` })
  const path = normal(point)
  if (spec.ensure === 'absent') return resource(kind, path, { path, fields: undefined, options: [] }, spec)
  const options = spec.options ?? ['defaults']
  const fields = [spec.device, path, spec.fstype, options.join(',')]
  for (const field of fields) checkField(id, field)
  const checked = spec.device.startsWith('/dev/') || spec.device.includes('=') ? '2' : '0'
  return resource(kind, path, { path, fields: [...fields, '0', checked], options }, spec)
}

function checkField(id: string, field: string): void {
  const octal = /\\[0-7]{3}/.exec(field)
  if (octal)
    throw new InputError({
      what: `${id}: ${field} has an escape of fstab, ${octal[0]}`,
      next: `write the character itself: ${JSON.stringify(fieldsOf(field)?.[0])}`,
    })
  if (field.trim() === '' || /[\n\r\0]/.test(field))
    throw new InputError({
      what: `${id}: a field of fstab is empty or has a newline: ${JSON.stringify(field)}`,
    })
}

/** Options that the kernel shows as they were given; others (`defaults`, `nofail`, `size=1G`) it shows otherwise or not. */
const visible = new Set([
  'ro',
  'rw',
  'noatime',
  'nodiratime',
  'relatime',
  'nosuid',
  'nodev',
  'noexec',
  'sync',
])

const kind: Kind<Wanted, Seen> = {
  name: 'mount',
  probe,
  plan({ path, fields, options }, seen) {
    const changes: Change[] = []
    const wanted = fields && shown(fields)
    const found = lineFor(path, seen)
    const now = found && shown([...found.fields, '0', '0'].slice(0, 6))
    if (wanted !== now) changes.push({ attribute: 'fstab', from: now ?? 'absent', to: wanted ?? 'absent' })
    const live = seen.mounted.at(-1)
    if ((fields === undefined) !== (live === undefined))
      changes.push({ attribute: 'mounted', from: live !== undefined, to: fields !== undefined })
    const missing = options.filter((o) => visible.has(o) && live && !live.options.includes(o))
    if (missing.length > 0)
      changes.push({ attribute: 'options', from: live?.options.join(','), to: options.join(',') })
    return changes
  },
  apply(planned) {
    // All in one write: a second one would find the file changed since it was looked at.
    const before = planned[0]?.actual.content
    const after = planned.reduce((content, { desired, actual }) => {
      const found = lineFor(desired.path, { ...actual, content })
      return withEntry(content, found?.at, desired.fields && lineOf(desired.fields))
    }, before ?? '')
    const isKept = after === (before ?? '')
    return lines([
      sh`set -e`,
      ...(isKept ? [] : [rewriteTools, rewrite({ path: fstab, before, after }), sh`systemctl daemon-reload`]),
      ...planned.map(act),
    ])
  },
  risks: (_, changes) => (changes.some(loses) ? ['data'] : []),
}

/** Two processes, for any number of mounts: one reads, one follows links. */
function probe(wanted: readonly Wanted[]): Probe<readonly Seen[]> {
  const mounts = '/proc/self/mounts'
  const read = probeTexts([{ reads: [fstab, mounts] }])
  return {
    script: sh`${read.script}; printf '\n-- real\n'; readlink -zm -- ${wanted.map((w) => w.path)}`,
    parse(output) {
      const bytes = output.bytes ?? Buffer.from(output.stdout)
      const border = bytes.lastIndexOf('\n-- real\n')
      if (border < 0) throw new Error('the answer is cut off')
      const real = bytes
        .subarray(border + 9)
        .toString()
        .split('\0')
      const [texts = new Map()]: readonly Texts[] = read.parse(
        { ...output, bytes: bytes.subarray(0, border) },
        [],
      )
      const live = split(contentOf(mounts, texts) ?? '').lines.map((line) => fieldsOf(line.text) ?? [])
      if (live.length === 0) throw new Error(`${mounts} was not shown`)
      return wanted.map(({ path }, i) => ({
        content: contentOf(fstab, texts),
        points: [path, normal(real[i] ?? path)],
        mounted: live
          .filter(([, point]) => point === normal(real[i] ?? path))
          .map(([, , , options = '']) => ({ options: options.split(',') })),
      }))
    },
  }
}

/** The one line of fstab that is for a mount point. Throws RefusedError where there are more. */
function lineFor(path: string, { content, points }: Seen) {
  const entries = entriesFor(content ?? '', points)
  if (entries.length > 1)
    throw new RefusedError({
      what: `${fstab} has ${entries.length} lines for ${path}, at ${entries.map((e) => e.at + 1).join(' and ')}`,
      why: 'which of them is meant is not clear: nothing was changed',
      next: 'leave the one that is meant; then run again',
    })
  return entries[0]
}

function loses({ attribute, from, to }: Change): boolean {
  if (attribute !== 'fstab' || from === 'absent') return false
  return to === 'absent' || device(String(from)) !== device(String(to))
}

function act({ desired: { path, fields, options }, actual, changes }: Planned<Wanted, Seen>): Script {
  const off = actual.mounted.map(() => sh`umount -- ${path}`)
  if (!fields) return lines(off)
  if (changes.some(loses)) return lines([...off, sh`mkdir -p -- ${path}; mount -- ${path}`])
  return actual.mounted.length > 0
    ? sh`mount -o ${['remount', ...options].join(',')} -- ${path}`
    : sh`mkdir -p -- ${path}; mount -- ${path}`
}

/** Device and type: what makes it another file system. */
function device(line: string): string {
  const [source, , fstype] = line.split(' ')
  return `${source} ${fstype}`
}

/** Fields as a plan shows them: as fstab has them, parted by one blank. */
function shown(fields: readonly string[]): string {
  return readable(lineOf(fields))
}
