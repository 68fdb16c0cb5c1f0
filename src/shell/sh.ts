import { InputError, userPlace } from '../errors.ts'
import { masked, revealed, Secret } from '../secret/secret.ts'

/** Shell text in two forms: `text` goes over the wire, `shown` is what a person may see (secrets masked). */
export interface Script {
  readonly text: string
  readonly shown: string
}

/** What `sh` accepts between `${}`: values are quoted, lists become words, a Script is inserted as it is. */
export type Argument = string | number | Secret | Script | readonly (string | number | Secret)[]

/**
 * Builds a Script. Template text is raw (read as in a shell: `\n` stays `\n`); every `${value}` is quoted,
 * so no quoting is left to memory. Only `` \` `` and `\${` are unescaped, as JavaScript needs them.
 */
export function sh(strings: TemplateStringsArray, ...values: readonly Argument[]): Script {
  let text = ''
  let shown = ''
  strings.raw.forEach((raw, i) => {
    const literal = raw.replaceAll('\\`', '`').replaceAll('\\${', '${')
    text += literal
    shown += literal
    const value = values[i]
    if (value === undefined) return
    const part = render(value)
    text += part.text
    shown += part.shown
  })
  return { text, shown }
}

/** Text that is shell already: nothing in it is quoted. */
export function raw(text: string): Script {
  return { text, shown: text }
}

/** One Script of many, each on lines of its own. */
export function lines(scripts: readonly Script[]): Script {
  return { text: scripts.map((s) => s.text).join('\n'), shown: scripts.map((s) => s.shown).join('\n') }
}

/** The same Script with another form for people, for example when its body is a long file. */
export function showAs(script: Script, shown: string): Script {
  return { text: script.text, shown }
}

/**
 * What a resource is told to run: text, a Secret, or a Script. A Script with a secret in it becomes a Secret: as plain text its
 * value would be shown.
 */
export type Command = string | Secret | Script

export function commandText(command: Command): string | Secret {
  if (typeof command === 'string' || command instanceof Secret) return command
  return command.text === command.shown ? command.text : new Secret('script', command.text, command.shown)
}

/** A word that a POSIX shell reads as exactly `value`. Throws InputError for NUL, which no shell word can hold. */
export function quote(value: string): string {
  if (value.includes('\0'))
    throw new InputError({ where: userPlace(), what: 'a word of a shell cannot hold a NUL byte' })
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`
}

function render(value: Argument): Script {
  if (value instanceof Secret) return { text: quote(value.reveal()), shown: masked(value) }
  if (typeof value === 'string' || typeof value === 'number') {
    const word = quote(String(value))
    return { text: word, shown: word }
  }
  if ('text' in value) return value
  return {
    text: value.map((word) => quote(revealed(word))).join(' '),
    shown: value.map((word) => (word instanceof Secret ? masked(word) : quote(String(word)))).join(' '),
  }
}
