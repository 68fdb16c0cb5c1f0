import { InputError, RefusedError } from '../errors.ts'
import type { Kind, Planned } from '../model/kind.ts'
import type { Probe } from '../model/probe.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { lines, type Script, sh } from '../shell/sh.ts'
import { type Bytes, readable } from './bytes.ts'
import { isSame, type KeyLine, keyOn, keysIn, withKey } from './public-key.ts'
import { leadsNowhere, readWhole, rowsOf, type Text } from './read-texts.ts'
import { rewrite, rewriteTools } from './rewrite.ts'

interface Wanted extends KeyLine {
  readonly user: string
}

/** A user's authorized_keys: nothing where there is none. */
interface Seen {
  readonly isUser: boolean
  readonly found: Text | undefined
}

/**
 * A public key that may log in as a user: `[options] type base64 [comment]`, as in a .pub file. Other keys of the user are
 * left alone. Options that are given hold for the key: a line that has it with others is replaced. With `ensure: 'absent'`
 * every line with the key goes. Throws InputError for what is no key.
 */
export function authorizedKey(
  user: string,
  key: string,
  options: Meta & { readonly ensure?: 'present' | 'absent' } = {},
): Resource<Wanted, Seen> {
  const line = key.trim()
  const parsed = /[\n\r\0]/.test(line) ? undefined : keyOn(line)
  if (!parsed)
    throw new InputError({
      what: `authorizedKey[${user}]: ${JSON.stringify(shortened(line))} is no public key`,
      next: 'give the line of a .pub file, whole: type, base64, comment',
    })
  if (!/^[^\s:/-][^\s:/]*$/.test(user))
    throw new InputError({ what: `authorizedKey: ${JSON.stringify(user)} is no name of a user` })
  const name = `${user} ${parsed.type} ${parsed.base64.slice(-16)}`
  return resource(kind, name, { user, line, key: parsed, absent: options.ensure === 'absent' }, options)
}

/** A private key that was given by mistake is not shown. */
function shortened(line: string): string {
  return line.length > 24 ? `${line.slice(0, 20)}…` : line
}

const kind: Kind<Wanted, Seen> = {
  name: 'authorized_key',
  probe,
  plan(wanted, seen) {
    const before = contentOf(wanted, seen) ?? ''
    if (withKey(before, wanted) === before) return []
    if (wanted.absent) return [{ attribute: 'key', from: 'present', to: 'absent' }]
    const other = keysIn(before).find((found) => found && isSame(found, wanted.key))
    return other
      ? [{ attribute: 'options', from: other.options || 'none', to: wanted.key.options }]
      : [{ attribute: 'key', from: 'absent', to: 'present' }]
  },
  apply: (planned) =>
    lines([
      sh`set -e`,
      rewriteTools,
      ...[...Map.groupBy(planned, (p) => p.desired.user)].map(([user, edits]) => step(user, edits)),
    ]),
}

/** Two processes for any number of users. */
function probe(wanted: readonly Wanted[]): Probe<readonly Seen[]> {
  const users = [...new Set(wanted.map((w) => w.user))]
  const { script, parse } = readWhole(
    (look) =>
      sh`while IFS=: read -r u x x x x h x; do f=$h/.ssh/authorized_keys; printf 'user %s:%s\n' "$u" "$f"; ${look}; done`,
  )
  return {
    script: sh`getent passwd -- ${users} | ${script}`,
    parse(output) {
      const texts = parse(output)
      const said = (output.bytes ?? Buffer.from(output.stdout)).toString('latin1')
      const files = new Map(
        rowsOf(said.slice(0, said.indexOf('\n--\n') + 1), 'user').map((row): [string, Bytes] => {
          const at = row.indexOf(':')
          return [readable(row.slice(0, at)), row.slice(at + 1)]
        }),
      )
      return wanted.map(({ user }) => ({ isUser: files.has(user), found: texts.get(files.get(user) ?? '') }))
    },
  }
}

function contentOf({ user }: Wanted, { found }: Seen): Bytes | undefined {
  if (!found || 'bytes' in found) return found?.bytes
  if (found.trouble === leadsNowhere) return undefined
  throw new RefusedError({ what: `the authorized_keys of ${user} cannot be edited: ${found.trouble}` })
}

/** In the user's own home everything is done from within the folder that was looked at: see `rewrite`. */
function step(user: string, edits: readonly Planned<Wanted, Seen>[]): Script {
  const [first] = edits
  if (!first) return sh`:`
  const before = contentOf(first.desired, first.actual)
  const after = edits.reduce((content, p) => withKey(content, p.desired), before ?? '')
  return lines([
    sh`u=${user}; h=$(getent passwd -- "$u" | cut -d: -f6); [ -n "$h" ] || no "there is no user $u"
id=$(id -u -- "$u"):$(id -g -- "$u")
(
  cd -P -- "$h" 2>/dev/null || no "the home of $u, $h, is not there: make it first, with directory()"
  [ -e .ssh ] || [ -L .ssh ] || mkdir -m 0700 .ssh
  # Made by root, it would be closed to the user, as whom sshd reads it.
  [ -L .ssh ] || chown -h --from=0 -- "$id" .ssh
)`,
    rewrite({
      path: sh`"$h"/.ssh/authorized_keys`,
      before,
      after,
      mode: '0600',
      // sshd takes no file that others may write to, and reads it as the user.
      adjust: sh`chown -- "$id" /proc/self/fd/6; chmod u+rw,go-w /proc/self/fd/6`,
    }),
  ])
}
