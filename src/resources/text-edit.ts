import { InputError, RefusedError } from '../errors.ts'
import type { Change, Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { masked, revealed, Secret } from '../secret/secret.ts'
import { lines, sh } from '../shell/sh.ts'
import { withBlock } from './block-edit.ts'
import { type Bytes, bytesOf, readable } from './bytes.ts'
import { unifiedDiff } from './files-diff.ts'
import { checkPath } from './files-look.ts'
import { type Pattern, patternOf, withLine } from './line-edit.ts'
import { leadsNowhere, probeTexts, type Reads, type Texts } from './read-texts.ts'
import { rewrite, rewriteTools } from './rewrite.ts'

/** An edit of one file that belongs to somebody else: what its bytes are, and what they should be. Pure. */
interface Edit extends Reads {
  readonly path: string
  /** What the change is called in a plan: `line` or `block`. */
  readonly attribute: string
  readonly wish: string | Secret
  /** What else decides the outcome: a saved plan is of no use once that has changed. */
  readonly by?: string | undefined
  /** Throws RefusedError where the file is not such that the edit has one meaning. */
  readonly edit: (before: Bytes) => Bytes
}

/**
 * One line in a file: present exactly once, in the place of the first line that matches `replaces` (the other ones go),
 * else where it is, else at the end.
 *
 * `replaces` is a RegExp, tried on one line at a time, or `{ prefix }`; a string is a prefix, too. With
 * `ensure: 'absent'` lines that are exactly `line` go. Throws InputError for what is no line or no usable pattern.
 */
export function line(
  path: string,
  options: Meta & {
    readonly line: string | Secret
    readonly replaces?: Pattern
    readonly ensure?: 'present' | 'absent'
  },
): Resource<Edit, Texts> {
  const { replaces, ensure } = options
  const text = revealed(options.line)
  const id = `line[${path}]`
  if (/[\n\r]/.test(text)) throw new InputError({ what: `${id}: a line has no newline; use block` })
  checkText(id, text)
  if (text.trim() === '')
    throw new InputError({ what: `${id}: an empty line is nobody's own; give its text` })
  if (ensure === 'absent' && replaces !== undefined)
    throw new InputError({
      what: `${id}: \`replaces\` says where a line goes; one that is to be absent goes nowhere`,
    })
  const pattern = replaces === undefined ? undefined : patternOf(id, replaces)
  return edit(`${path}: ${masked(options.line)}`, options, {
    path,
    reads: [path],
    attribute: 'line',
    wish: ensure === 'absent' ? 'absent' : options.line,
    by:
      replaces === undefined
        ? undefined
        : replaces instanceof RegExp
          ? String(replaces)
          : JSON.stringify(replaces),
    edit: (before) => withLine(before, bytesOf(text), ensure === 'absent' ? 'absent' : pattern),
  })
}

/**
 * Lines between two marks in a file that has other owners too. Throws InputError where name or content would be taken
 * for something else when it is read again.
 */
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
  const id = `block[${path}]`
  if (!/^\S(.*\S)?$/.test(name) || /[\n\r\0]/.test(name))
    throw new InputError({
      what: `${id}: name must be one line without blanks at its ends, not ${JSON.stringify(name)}`,
    })
  checkText(id, content)
  const mark = /^# (BEGIN|END) provision .*$/m.exec(content.replaceAll('\r\n', '\n'))
  if (mark)
    throw new InputError({
      what: `${id}: content holds a line that is the mark of a block itself: ${JSON.stringify(mark[0])}`,
    })
  const wanted = content.replace(/\r?\n$/, '').split(/\r?\n/)
  return edit(`${path}: ${name}`, options, {
    path,
    reads: [path],
    attribute: 'block',
    wish: ensure === 'absent' ? 'absent' : options.content,
    edit: (before) =>
      withBlock(
        path,
        before,
        bytesOf(name),
        ensure === 'absent' ? undefined : content === '' ? [] : wanted.map(bytesOf),
      ),
  })
}

function checkText(id: string, text: string): void {
  if (text.includes('\0')) throw new InputError({ what: `${id}: text has no NUL byte` })
  if (text.startsWith('\uFEFF'))
    throw new InputError({ what: `${id}: leave out the byte order mark (U+FEFF) at the beginning` })
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
    const before = contentOf(path, texts)
    const after = edit(before ?? '')
    if (after === (before ?? '')) return []
    return [{ attribute, from: wish === 'absent' ? 'present' : 'absent or different', to: masked(wish) }]
  },
  apply(planned) {
    return lines([
      sh`set -e`,
      rewriteTools,
      ...[...Map.groupBy(planned, (p) => p.desired.path)].map(([path, edits]) => {
        const before = contentOf(path, edits[0]?.actual ?? new Map())
        return rewrite({ path, before, after: edits.reduce((text, p) => p.desired.edit(text), before ?? '') })
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
          const before = contentOf(p.desired.path, p.actual) ?? ''
          const diff = unifiedDiff(p.desired.path, readable(before), readable(p.desired.edit(before)))
          return p.changes.map((c) => ({ ...c, diff }))
        }),
    }
  },
}

/** A file's content, undefined where there is none yet. Throws RefusedError where it could not be read. */
export function contentOf(path: string, texts: Texts): Bytes | undefined {
  const found = texts.get(path)
  if (!found || 'bytes' in found) return found?.bytes
  if (found.trouble === leadsNowhere) return undefined
  throw new RefusedError({ what: `${path} cannot be edited: ${found.trouble}`, why: 'nothing was changed' })
}
