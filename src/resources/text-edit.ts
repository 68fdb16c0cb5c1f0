import { InputError } from '../errors.ts'
import type { Change, Kind, Planned } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { masked, revealed, Secret } from '../secret/secret.ts'
import { lines, sh, showAs } from '../shell/sh.ts'
import { unifiedDiff } from './files-diff.ts'
import { checkPath } from './files-look.ts'
import { probeTexts, type Reads, type Texts } from './read-texts.ts'

/** An edit of one file that belongs to somebody else: what the lines are, and what they should be. Pure. */
interface Edit extends Reads {
  readonly path: string
  /** What the change is called in a plan: `line` or `block`. */
  readonly attribute: string
  readonly wish: string | Secret
  readonly edit: (before: readonly string[]) => readonly string[]
}

/** One line in a file: present exactly once, in the place of the first line that starts with `replaces`, else at the end. */
export function line(
  path: string,
  options: Meta & {
    readonly line: string | Secret
    readonly replaces?: string
    readonly ensure?: 'present' | 'absent'
  },
): Resource<Edit, Texts> {
  const { replaces, ensure } = options
  const text = revealed(options.line)
  if (text.includes('\n')) throw new InputError({ what: `line[${path}]: a line has no newline; use block` })
  return edit(`${path}: ${masked(options.line)}`, options, {
    path,
    reads: [path],
    attribute: 'line',
    wish: ensure === 'absent' ? 'absent' : options.line,
    edit(before) {
      if (ensure === 'absent') return before.filter((l) => l !== text)
      if (before.includes(text)) return before
      const at = replaces === undefined ? -1 : before.findIndex((l) => l.startsWith(replaces))
      return at < 0 ? [...before, text] : before.with(at, text)
    },
  })
}

/** Lines between two marks in a file that has other owners too. */
export function block(
  path: string,
  options: Meta & {
    readonly name: string
    readonly content: string | Secret
    readonly ensure?: 'present' | 'absent'
  },
): Resource<Edit, Texts> {
  const { name, ensure } = options
  const content = revealed(options.content)
  const open = `# BEGIN provision ${name}`
  const close = `# END provision ${name}`
  const wanted = ensure === 'absent' ? [] : [open, ...content.replace(/\n$/, '').split('\n'), close]
  return edit(`${path}: ${name}`, options, {
    path,
    reads: [path],
    attribute: 'block',
    wish: ensure === 'absent' ? 'absent' : options.content,
    edit(before) {
      const from = before.indexOf(open)
      const to = before.indexOf(close, from)
      if (from < 0 || to < 0) return [...before, ...wanted]
      return [...before.slice(0, from), ...wanted, ...before.slice(to + 1)]
    },
  })
}

function edit(name: string, meta: Meta, wanted: Edit): Resource<Edit, Texts> {
  checkPath(`text[${wanted.path}]`, wanted.path)
  return resource(kind, name, wanted, meta)
}

/** Lines and blocks are one kind, so that several edits of one file are composed into one write. */
const kind: Kind<Edit, Texts> = {
  name: 'text',
  secrets: ['wish'],
  probe: probeTexts,
  plan({ path, attribute, wish, edit }, texts) {
    const before = texts.get(path) ?? []
    const after = edit(before)
    if (after.length === before.length && after.every((l, i) => l === before[i])) return []
    return [{ attribute, from: wish === 'absent' ? 'present' : 'absent or different', to: masked(wish) }]
  },
  apply(planned) {
    return lines([
      sh`set -e; umask 022`,
      ...[...Map.groupBy(planned, (p) => p.desired.path)].map(([path, edits]) => {
        const at = path.lastIndexOf('/') + 1
        const temp = `${path.slice(0, at)}.${path.slice(at)}.provision`
        // cp -p keeps owner and mode of a file that is not ours.
        const script = sh`t=${temp}; if [ -e ${path} ]; then cp -p -- ${path} "$t"; fi
printf %s ${`${composed(edits).join('\n')}\n`} > "$t"; sync -- "$t"; mv -fT -- "$t" ${path}`
        return showAs(script, `edit ${path} (${edits.length} edits)`)
      }),
    ])
  },
  detail(planned) {
    return {
      script: sh`:`,
      parse: () =>
        planned.map((p): readonly Change[] => {
          // A diff would show the secret, and the old one that it replaces; also the diff of an edit beside it.
          if (planned.some((o) => o.desired.path === p.desired.path && o.desired.wish instanceof Secret))
            return p.changes
          const before = p.actual.get(p.desired.path) ?? []
          const diff = unifiedDiff(p.desired.path, before.join('\n'), p.desired.edit(before).join('\n'))
          return p.changes.map((c) => ({ ...c, diff }))
        }),
    }
  },
}

function composed(edits: readonly Planned<Edit, Texts>[]): readonly string[] {
  return edits.reduce<readonly string[]>(
    (before, p) => p.desired.edit(before),
    edits[0]?.actual.get(edits[0].desired.path) ?? [],
  )
}
