import { InputError, userPlace } from '../errors.ts'
import { hide, remember } from './known.ts'

let maskOf: (secret: Secret) => string
/** How secrets are written while {@link toJson} is at work; undefined everywhere else. */
let written: ((secret: Secret) => string) | undefined

/**
 * A value that must never be seen, and that must reach its host whole. Turning it into text (a template string, `+`,
 * `String()`, `join`, `JSON.stringify`) throws an InputError with the line that did so: it would put either the value into a
 * log or a mask onto a host. A text with secrets in it is made by the tag {@link secret}.
 *
 * `reveal()` gives the value, for code that has to look at it (is it a URL?); what it gives must go no further.
 */
export class Secret {
  readonly name: string
  readonly #value: string
  readonly #mask: string

  static {
    maskOf = (secret) => secret.#mask
  }

  /** `mask`: how reports write it, where `‹secret NAME›` says too little; for texts that are made of secrets. */
  constructor(name: string, value: string, mask?: string) {
    this.name = name
    this.#value = value
    this.#mask = mask ?? `‹secret ${name}›`
    if (mask === undefined) remember(value, this.#mask)
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    throw asText(this)
  }

  toJSON(): string {
    if (written) return written(this)
    throw asText(this)
  }

  valueOf(): never {
    throw asText(this)
  }

  [Symbol.toPrimitive](): never {
    throw asText(this)
  }

  /** `console.log` of something that has it somewhere inside. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.#mask
  }
}

/**
 * Makes a Secret of a text with secrets in it: `` secret`PASS=${vars.pass}\n` ``. Takes text, numbers and Secrets; a Secret made
 * by it may be part of another. Throws InputError for anything else.
 */
export function secret(
  strings: TemplateStringsArray,
  ...values: readonly (string | number | Secret)[]
): Secret {
  if (!Array.isArray(strings?.raw))
    throw new InputError({
      where: userPlace(),
      what: 'secret is a tag, not a function: secret`PASS=$' + '{vars.pass}`',
    })
  const parts = strings.flatMap((text, i) => (i < values.length ? [text, values[i]] : [text]))
  const wrong = parts.find((part) => !isPart(part))
  if (parts.some((part) => !isPart(part)))
    throw new InputError({
      where: userPlace(),
      what: `a secret text takes text, numbers and Secrets, not ${Array.isArray(wrong) ? 'a list' : wrong === null ? 'null' : typeof wrong}`,
      next: 'put the parts together one after the other: each may be a secret text itself',
    })
  const whole = parts as readonly (string | number | Secret)[]
  const inside = whole.filter((part) => part instanceof Secret)
  const value = whole.map((part) => revealed(part)).join('')
  // Without a Secret inside, what is secret can only be its letters.
  if (inside.length === 0) return new Secret('text', value)
  const names = [...new Set(inside.map((part) => part.name))]
  return new Secret(names.join(', '), value, hide(whole.map((part) => masked(part)).join('')))
}

/** Text, whether it is secret or not; for what goes to a host. Throws InputError for what is no text, whatever its type says. */
export function revealed(value: string | number | Secret): string {
  if (value instanceof Secret) return value.reveal()
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  const found = ArrayBuffer.isView(value) ? 'bytes' : value === null ? 'null' : typeof value
  throw new InputError({
    where: userPlace(),
    what: `text or a Secret is wanted here, not ${found}`,
    ...(found === 'bytes'
      ? {
          next: 'there is no way yet to write what is no text; send it as base64, and decode it there in a command',
        }
      : {}),
  })
}

/** The same, as a report may show it. */
export function masked(value: string | number | Secret): string {
  return value instanceof Secret ? maskOf(value) : String(value)
}

/** JSON for reports: each Secret as its mask, or as `as` writes it. Plain `JSON.stringify` throws where it meets one. */
export function toJson(value: unknown, indent?: number, as: (secret: Secret) => string = maskOf): string {
  const before = written
  written = as
  try {
    return JSON.stringify(value, undefined, indent)
  } finally {
    written = before
  }
}

function isPart(part: unknown): boolean {
  return typeof part === 'string' || typeof part === 'number' || part instanceof Secret
}

function asText(secret: Secret): InputError {
  return new InputError({
    where: userPlace(),
    what: `the secret ${secret.name} cannot be made into text: a host would get a mask in its place, or a log its value`,
    next:
      'make a Secret of the whole text: import { secret } from provision, and secret`…$' +
      '{value}…`; in a template (.hbs), declare it t.Secret() in the view',
  })
}
