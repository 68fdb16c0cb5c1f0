import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { ConnectError, InputError } from '../errors.ts'
import type { Host } from '../model/host.ts'
import { quote, type Script } from '../shell/sh.ts'

/**
 * The command line of every remote script: a `sh` that reads the script from its standard input, as root where the
 * host says `become`. `$1` is SSH_CONNECTION as the login saw it (sudo would drop it): the lockout guard needs it.
 */
export function becomeCommand(host: Host): string {
  if (!host.connection.become) return 'exec sh -s -- "$SSH_CONNECTION"'
  if (!asksForPassword(host)) return `${sudoNow} sh -s -- "$SSH_CONNECTION"`
  return withPassword('exec sh -s -- "$1"', '')
}

/** The command line of a script whose standard input is data: the script itself may hold no secret. */
export function becomeStream(host: Host, script: Script): string {
  const command = quote(script.text)
  if (!host.connection.become) return `exec sh -c ${command}`
  if (!asksForPassword(host)) return `${sudoNow} sh -c ${command}`
  return withPassword('exec sh -c "$2"', command)
}

/** sudo itself speaks the login's language; env(1) is how every login shell (sh, fish, csh) tells it another one. */
const sudoNow = 'exec env LC_ALL=C sudo -n --'

/** Does sudo get a password on this host? */
export function asksForPassword({ connection }: Host): boolean {
  return connection.become && connection.becomePasswordFile !== undefined
}

/**
 * What goes to standard input before the script: the password's line. Throws InputError where the file cannot be read, or
 * holds what can be no password: sudo is not asked then.
 */
export function becomeInput(host: Host): string {
  const file = host.connection.becomePasswordFile
  if (!asksForPassword(host) || file === undefined) return ''
  const refuse = (what: string, cause?: unknown) =>
    new InputError({
      host: host.name,
      what: `becomePasswordFile ${file} ${what}`,
      next: 'it holds one line: the password of the user that sudo asks for',
      cause,
    })
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (cause) {
    const isMissing = cause instanceof Error && 'syscall' in cause
    throw refuse(isMissing ? `cannot be read: ${cause.message}` : 'is not UTF-8', cause)
  }
  // Only ends of lines are taken off: a blank at the end may be part of the password.
  const password = text.replace(/[\r\n]+$/, '')
  if (password === '') throw refuse('is empty')
  if (/[\r\n\0]/.test(password)) throw refuse('holds more than one line')
  return `${password}\n`
}

/** sudo has refused the password. Whoever sees it does not try again on this host. */
export class PasswordRefused extends ConnectError {}

/** Throws PasswordRefused where `stderr` of a command line of this file says so. */
export function mustBeTaken({ name, connection }: Host, stderr: string): void {
  if (!stderr.split('\n').includes(refused)) return
  const user = connection.user ?? userInfo().username
  throw new PasswordRefused({
    host: name,
    what: `the sudo password in ${connection.becomePasswordFile} was refused (user ${user} on host ${name})`,
    why: 'it was tried once, and this run does not try it again on this host: some hosts lock an account after three attempts',
    next: `write the right one into the file; try it with: ssh ${user}@${name} -t sudo -k true`,
  })
}

const refused = 'provision: the sudo password was refused'

/*
 * How sudo gets the password, once. sudo itself reads on from its standard input after a wrong one, and what it finds there
 * (the script) counts as the next attempt. At the end of its input it asks PAM again all the same, and pam_faillock counts
 * that, too. So three processes stand around it, and sudo is ended when it is about to ask for the second time:
 *
 *   keeper | sudo, its standard error read by the watcher
 *
 * The keeper gives the password's line and then keeps the pipe open without a word, until root's shell has started; then it
 * passes on what comes after (the script, the data). The watcher knows by what sudo says whether it has started or asks
 * again; it may end sudo because sudo's real user is still ours while it asks. No password is in an argument, in the
 * environment or in a file.
 *
 * Every part is one line without a single quote or an exclamation mark: the login shell may be any (sh, fish, csh).
 */

/** Seconds that sudo may take with the password (LDAP, a delay after a failure); an exec is given up after 60. */
const patience = 45

// What $! is in a shell, without the character that csh would take for its history.
const lastPid = 'x=$(printf "\\041"); eval "w=\\$$x"'

const keeper = `exec 5>&2 2>/dev/null 3>&- 4>&-; IFS= read -r l || exit; printf "%s\\n" "$l"; sleep ${patience} >/dev/null 5>&- & ${lastPid}; echo "provision-keeper $$ $w" >&5; exec 5>&-; if wait "$w"; then exit; fi; echo provision-ready; exec cat`

/** `$1`: SSH_CONNECTION, `$2`: what root's shell does, `$3`: the command of a stream. In English, for the watcher. */
const sudo = [
  'echo "provision-sudo $$" >&2; p=$(printf "provision-asks\\n."); LC_ALL=C; export LC_ALL;',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: The shell's own.
  'exec sudo -k -S -p "${p%.}" -- sh -c "$2" sh "$1" "$3"',
].join(' ')

// Where sudo did not ask (NOPASSWD), the password is still to be read; `ready` ends what is not the script's.
const root = (then: string) =>
  `echo provision-started >&2; IFS= read -r l; [ "$l" = provision-ready ] || IFS= read -r l; ${then}`

const watcher = [
  'k=; w=; s=; asked=; no=; go=; while IFS= read -r line; do case $line in',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: The shell's own.
  '"provision-keeper "*) set -- $line; k=$2; w=$3 ;; "provision-sudo "*) s=${line#* } ;;',
  '*provision-started) go=1 ;; *"try again"*) no=1 ;; *provision-asks) no=$asked; asked=1 ;;',
  '*) printf "%s\\n" "$line" >&2 ;; esac;',
  'if [ -n "$no" ]; then kill -9 "$s"; fi; if [ -z "$k" ]; then continue; fi;',
  `if [ -n "$no" ]; then kill "$k" "$w"; echo "${refused}" >&2; exit; fi;`,
  'if [ -n "$go" ]; then kill "$w"; w=; cat >&2; fi; done; kill $k $w 2>/dev/null',
].join(' ')

/**
 * `$1`: SSH_CONNECTION, then the parts. The exit code is sudo's; standard output is nobody's but the script's. Whoever waits
 * for the keeper lets go of the watcher's pipe first: its end is how the watcher sees that sudo has ended.
 */
const around = [
  'exec 3>&1; c=$( { { exec 7<&0;',
  'sh -c "$2" <&7 7<&- | { sh -c "$3" sh "$1" "$4" "$5" >&3 3>&- 4>&- 7<&-; echo $? >&4; } &',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: The shell's own.
  'exec >/dev/null 2>&1 7<&-; wait; } 2>&1 | sh -c "$6" 3>&- 4>&-; } 4>&1 ); exit ${c:-1}',
].join(' ')

function withPassword(then: string, stream: string): string {
  const [a, k, s, r, w] = [around, keeper, sudo, root(then), watcher].map((part) => `'${part}'`)
  return `exec sh -c ${a} sh "$SSH_CONNECTION" ${k} ${s} ${r} ${stream || "''"} ${w}`
}
