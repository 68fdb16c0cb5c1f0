import { readFileSync } from 'node:fs'
import { InputError } from '../errors.ts'
import type { Host } from '../model/host.ts'
import { quote, type Script } from '../shell/sh.ts'

const ready = 'provision-ready'

/**
 * The command line of every remote script: a `sh` that reads the script from its standard input, as root where the
 * host says `become`. `$1` is SSH_CONNECTION as the login saw it (sudo would drop it): the lockout guard needs it.
 */
export function becomeCommand({ connection }: Host): string {
  if (!connection.become) return 'exec sh -s -- "$SSH_CONNECTION"'
  if (!connection.becomePasswordFile) return 'exec sudo -n -- sh -s -- "$SSH_CONNECTION"'
  // Where sudo did not ask (NOPASSWD), the password is still on standard input: it is read away, never run.
  const afterPassword = `IFS= read -r l; [ "$l" = ${ready} ] || IFS= read -r l; exec sh -s -- "$1"`
  return `exec sudo -k -S -p '' -- sh -c '${afterPassword}' sh "$SSH_CONNECTION"`
}

/** The command line of a script whose standard input is data: the script itself may hold no secret. */
export function becomeStream({ connection }: Host, script: Script): string {
  const command = quote(script.text)
  if (!connection.become) return `exec sh -c ${command}`
  if (!connection.becomePasswordFile) return `exec sudo -n -- sh -c ${command}`
  const afterPassword = `IFS= read -r l; [ "$l" = ${ready} ] || IFS= read -r l; exec sh -c "$1"`
  return `exec sudo -k -S -p '' -- sh -c '${afterPassword}' sh ${command}`
}

/** What goes to standard input before the script. */
export function becomeInput({ name, connection }: Host): string {
  if (!connection.become || !connection.becomePasswordFile) return ''
  try {
    return `${readFileSync(connection.becomePasswordFile, 'utf8').trimEnd()}\n${ready}\n`
  } catch (cause) {
    throw new InputError({
      host: name,
      what: `cannot read becomePasswordFile ${connection.becomePasswordFile}`,
      cause,
    })
  }
}
