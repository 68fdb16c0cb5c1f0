import { createHash, createHmac, randomBytes } from 'node:crypto'
import { holdsSecret } from './known.ts'
import { toJson } from './secret.ts'

/** Whoever is given no key makes digests that say nothing to anybody else. */
let keyOf: () => string = () => own
const own = randomBytes(32).toString('hex')

/** Sets where the key of digests comes from; it is asked for when the first one is made. */
export function keyDigestsBy(key: () => string): void {
  let known: string | undefined
  keyOf = () => {
    known ??= key()
    return known
  }
}

/**
 * A digest of something secret that may be shown: without the key nobody can try values on it. 64 hex digits; the same for
 * everybody who has the key.
 */
export function keyed(text: string): string {
  return createHmac('sha256', keyOf()).update(text).digest('hex')
}

/** Names the key, so that two plans can be told to be made by different ones. */
export function keyId(): string {
  return keyed('which key').slice(0, 8)
}

/** 64 hex digits over a plain value, as JSON: keyed where a secret is in it, plain where none is. */
export function digestOf(value: unknown): string {
  let isSecret = false
  const json = toJson(value, undefined, (secret) => {
    isSecret = true
    return keyed(secret.reveal())
  })
  if (isSecret || holdsSecret(json)) return keyed(json)
  return createHash('sha256')
    .update(json ?? '')
    .digest('hex')
}
