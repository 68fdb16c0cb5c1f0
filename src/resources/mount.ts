import { InputError } from '../errors.ts'
import type { Change, Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { lines, type Script, sh } from '../shell/sh.ts'

interface Wanted {
  readonly path: string
  /** The line of fstab(5), its fields parted by one space; undefined when it shall not be there. */
  readonly line: string | undefined
  readonly options: readonly string[]
}

interface Seen {
  readonly line: string | undefined
  /** What is mounted there now, as /proc/self/mounts says it. */
  readonly mounted:
    | { readonly source: string; readonly fstype: string; readonly options: readonly string[] }
    | undefined
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

/** A file system in /etc/fstab and mounted now, with these options. Another device or its absence risks data. */
export function mount(path: string, spec: MountOptions): Resource<Wanted, Seen> {
  if (spec.ensure === 'absent') return resource(kind, path, { path, line: undefined, options: [] }, spec)
  const options = spec.options ?? ['defaults']
  const fields = [spec.device, path, spec.fstype, options.join(',')]
  const wrong = fields.find((field) => /\s/.test(field) || field === '')
  if (wrong !== undefined)
    throw new InputError({ what: `mount[${path}]: a field of fstab is empty or has a space: "${wrong}"` })
  return resource(
    kind,
    path,
    {
      path,
      line: [...fields, '0', spec.device.startsWith('/dev/') || spec.device.includes('=') ? '2' : '0'].join(
        ' ',
      ),
      options,
    },
    spec,
  )
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
  probe: (wanted) => ({
    script: sh`if [ -e /etc/fstab ]; then cat /etc/fstab; fi; echo -- mounts; cat /proc/self/mounts`,
    parse({ stdout }) {
      const [fstab = '', mounts] = stdout.split(/^-- mounts$/m)
      if (mounts === undefined) throw new Error('/proc/self/mounts was not shown')
      return wanted.map(({ path }) => {
        const live = rows(mounts).findLast((row) => row[1] === path)
        return {
          line: rows(fstab)
            .find((row) => row[1] === path)
            ?.join(' '),
          mounted: live && {
            source: live[0] ?? '',
            fstype: live[2] ?? '',
            options: live[3]?.split(',') ?? [],
          },
        }
      })
    },
  }),
  plan({ line, options }, seen) {
    const changes: Change[] = []
    if (line !== seen.line)
      changes.push({ attribute: 'fstab', from: seen.line ?? 'absent', to: line ?? 'absent' })
    if ((line === undefined) !== (seen.mounted === undefined))
      changes.push({ attribute: 'mounted', from: seen.mounted !== undefined, to: line !== undefined })
    const missing = options.filter((o) => visible.has(o) && seen.mounted && !seen.mounted.options.includes(o))
    if (missing.length > 0)
      changes.push({ attribute: 'options', from: seen.mounted?.options.join(','), to: options.join(',') })
    return changes
  },
  apply: (planned) =>
    lines([sh`set -e; touch /etc/fstab`, ...planned.map(({ desired, actual }) => change(desired, actual))]),
  risks: (_, changes) => (changes.some(loses) ? ['data'] : []),
}

function loses({ attribute, from, to }: Change): boolean {
  if (attribute !== 'fstab' || from === 'absent') return false
  return to === 'absent' || device(String(from)) !== device(String(to))
}

function change({ path, line, options }: Wanted, { line: before, mounted }: Seen): Script {
  const rewrite = sh`awk -v path=${path} '/^[[:space:]]*#/ || $2 != path' /etc/fstab >/etc/.fstab.provision
${line === undefined ? sh`:` : sh`printf '%s\n' ${line} >>/etc/.fstab.provision`}
chmod 644 /etc/.fstab.provision; mv -f /etc/.fstab.provision /etc/fstab; systemctl daemon-reload`
  const isOther = before !== undefined && line !== undefined && device(before) !== device(line)
  const act =
    line === undefined || isOther
      ? lines([mounted ? sh`umount ${path}` : sh`:`, line === undefined ? sh`:` : sh`mount ${path}`])
      : mounted
        ? sh`mount -o ${['remount', ...options].join(',')} ${path}`
        : sh`mkdir -p ${path}; mount ${path}`
  return lines([rewrite, act])
}

/** Device and type: what makes it another file system. */
function device(line: string): string {
  const [source, , fstype] = line.split(' ')
  return `${source} ${fstype}`
}

function rows(text: string): readonly (readonly string[])[] {
  return text
    .split('\n')
    .filter((row) => row.trim() && !row.trim().startsWith('#'))
    .map((row) => row.trim().split(/\s+/))
}
