import { createHash } from 'node:crypto'
import { lines, quote, raw, type Script, sh, showAs } from '../shell/sh.ts'
import type { Bytes } from './bytes.ts'

/** A new content for a file that is not ours alone. */
export interface Rewrite {
  /** The file, or a link to it; a Script where only the host knows its name. */
  readonly path: string | Script
  /** What was seen there; undefined where nothing was. */
  readonly before: Bytes | undefined
  readonly after: Bytes
  /** Mode of a file that is made (default 0644). One that is there keeps its own, with owner, ACL and attributes. */
  readonly mode?: string
  /** Run before the file takes its place, with the new one as /proc/self/fd/6: for its owner and mode. */
  readonly adjust?: Script
}

/**
 * The one way in which files of other owners are changed. Every byte that is not part of the change stays on the host:
 * the new file is the old one up to the change, what we write, and the old one after it.
 *
 * Refused, with nothing written: a file that is not what was seen any more, and a link that a user could have made to
 * lead root to what is not the user's. A link is followed, and stays. Nothing is left beside the file, however it ends.
 * Needs `rewriteTools` before it in the same script, and `set -e`.
 */
export function rewrite({ path, before, after, mode = '0644', adjust = sh`:` }: Rewrite): Script {
  const script = sh`p=${path}; new() { ${splice(before ?? '', after)}; }; adjust() { ${adjust}; }
rewrite ${before === undefined ? 'none' : sum(before)} ${sum(after)} ${mode} ${after.length}`
  return showAs(script, `rewrite ${typeof path === 'string' ? path : path.shown} (${after.length} bytes)`)
}

function sum(bytes: Bytes): string {
  return createHash('sha256').update(bytes, 'latin1').digest('hex')
}

/**
 * Writes the new content: the old one up to the change, ours, and the old one after it. Each part opens the old file again: a
 * `head` may read on further than it writes (that of uutils does), and would take from what follows it.
 */
function splice(before: Bytes, after: Bytes): Script {
  const most = Math.min(before.length, after.length)
  let start = 0
  while (start < most && before[start] === after[start]) start++
  let tail = 0
  while (tail < most - start && before.at(-1 - tail) === after.at(-1 - tail)) tail++
  const ours = after.slice(start, after.length - tail)
  const parts = [
    ...(start > 0 ? [`head -c ${start} </proc/self/fd/5`] : []),
    ...(ours ? [`printf ${quote(asFormat(ours))}`] : []),
    ...(tail > 0 ? [`tail -c ${tail} </proc/self/fd/5`] : []),
  ]
  return raw(parts.length > 0 ? parts.join(' && ') : ':')
}

/** A format of printf(1) for these bytes. All of it is ASCII, and nothing of it means anything to printf but itself. */
function asFormat(bytes: Bytes): string {
  return bytes.replace(/[^\n -~]|[\\%]|^-/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)
}

/**
 * Functions of the shell for `rewrite`. File 5 is the file as it was opened, 6 the new one: all that is asked of a file
 * is asked of these, and all that is done in its folder is done from within, so that nobody can put another in between.
 */
export const rewriteTools: Script = showAs(
  lines([
    sh`no() { printf '%s\n' "$*" >&2; exit 1; }
changed() { no "$p was changed by something else since it was looked at: nothing was written; run again"; }
holds() { case $(sha256sum </proc/self/fd/$1) in "$2 "*) ;; *) return 1 ;; esac; }`,
    // Who, other than root and us, could have made the path lead elsewhere? $first: their number, name, and where it begins.
    sh`me=$(id -u); nl='
'`,
    sh`outsider() {
  rest=\${p#/}; at=
  set --
  while [ -n "$rest" ]; do
    at=$at/\${rest%%/*}
    case $rest in */*) rest=\${rest#*/} ;; *) rest= ;; esac
    set -- "$@" "$at"
  done
  all=$(stat -c '%u %U %n' -- "$@" 2>/dev/null || :)$nl
  while first=\${all%%"$nl"*}; [ -n "$first" ]; do
    case $first in "0 "* | "$me "*) all=\${all#*"$nl"} ;; *) return ;; esac
  done
}`,
    sh`mine() {
  outsider
  [ -n "$first" ] || return 0
  who=\${first%% *}; first=\${first#* }; name=\${first%% *}; at=\${first#* }
  if [ ! -L "$at" ]; then
    [ -d "$at" ] || return 0
    case $real in "$(readlink -f -- "$at")"/*) return 0 ;; esac
  fi
  [ "$1" = exists ] && [ "$(stat -L -c %u /proc/self/fd/5)" = "$who" ] ||
    no "$p leads to $real, which is not $name's, by a link that $name may have made: nothing was written"
}`,
    sh`rewrite() (
  old=$1 new=$2 mode=$3 size=$4
  umask 077
  trap 'exit 1' INT TERM
  if [ "$old" = none ]; then
    [ ! -e "$p" ] || changed
    real=$(readlink -f -- "$p") || no "$p cannot be made: its folder is not there, or a link on the way leads in a circle"
    mine none
    cd -P -- "\${real%/*}/" 2>/dev/null || no "$p cannot be made: there is no folder \${real%/*}"
    [ "$(pwd -P)" = "\${real%/*}" ] || [ -z "\${real%/*}" ] || changed
    exec 5</dev/null
  else
    [ -f "$p" ] || changed
    exec 5<"$p"
    real=$(readlink /proc/self/fd/5)
    mine exists
    cd -P -- "\${real%/*}/" 2>/dev/null || changed
  fi
  n=./\${real##*/}
  t=./.\${real##*/}.provision
  [ "$old" = none ] || [ "$n" -ef /proc/self/fd/5 ] || changed
  # What a run that was killed has left.
  if [ -e "$t" ] || [ -L "$t" ]; then rm -f -- "$t"; fi
  trap 'rm -f -- "$t"' EXIT
  set -C; exec 6>"$t"; set +C
  if [ "$old" = none ]; then chmod -- "$mode" /proc/self/fd/6
  else cp -L --attributes-only --preserve=all /proc/self/fd/5 /proc/self/fd/6
  fi
  new >&6 || no "$p could not be written: is there no space left on the device? it is as it was"
  # Asked of the old one always: between two places of an edit may lie what others have changed meanwhile.
  [ "$old" = none ] || holds 5 "$old" || changed
  holds 6 "$new" || no "$p: the new content is not what it should be: nothing was written"
  adjust
  sync /proc/self/fd/6
  if [ "$old" = none ]; then
    if [ -e "$n" ] || [ -L "$n" ]; then changed; fi
    mv -fT -- "$t" "$n"
    trap - EXIT; exit 0
  fi
  [ "$n" -ef /proc/self/fd/5 ] || changed
  # A file of several names stays one; a mounted one cannot be replaced.
  if [ "$(stat -L -c %h /proc/self/fd/5)" = 1 ] && mv -fT -- "$t" "$n" 2>/dev/null; then trap - EXIT; exit 0; fi
  b=./.\${real##*/}.provision-old
  rm -f -- "$b"
  trap 'rm -f -- "$t" "$b"' EXIT
  set -C; exec 7>"$b"; set +C
  cat </proc/self/fd/5 >&7
  holds 7 "$old" || changed
  # Not emptied first: what goes back after a failure finds its place on the disk.
  if cat </proc/self/fd/6 1<>/proc/self/fd/5 && truncate -s "$size" /proc/self/fd/5; then sync -- "$n"; exit 0; fi
  cat </proc/self/fd/7 1<>/proc/self/fd/5
  truncate -s "$(stat -L -c %s /proc/self/fd/7)" /proc/self/fd/5
  no "$p could not be written: it is as it was"
)`,
  ]),
  '# rewrite: see src/resources/rewrite.ts',
)
