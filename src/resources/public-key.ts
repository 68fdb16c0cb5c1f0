import { append, type Bytes, bytesOf, type Lines, split, whole } from './bytes.ts'

/** A public key as authorized_keys(5) has it: `options type base64 comment`. */
export interface PublicKey {
  /** What stands before the key, as it is written there; empty where nothing does. */
  readonly options: string
  readonly type: string
  readonly base64: string
}

/** The key on a line; undefined where there is none: a comment, an empty line, or one that sshd would skip. */
export function keyOn(line: Bytes): PublicKey | undefined {
  if (/^[ \t]*(#|$)/.test(line)) return undefined
  const text = line.replace(/^[ \t]+/, '')
  return keyAt(text, '') ?? afterOptions(text)
}

/** Options end at the first blank that stands in no quotes; `\"` ends none. */
function afterOptions(text: string): PublicKey | undefined {
  const [options = ''] = /^(?:"(?:\\"|[^"])*"|[^" \t])+/.exec(text) ?? []
  return keyAt(text.slice(options.length).replace(/^[ \t]+/, ''), options)
}

function keyAt(text: string, options: string): PublicKey | undefined {
  const [type = '', base64 = ''] = text.split(/[ \t]+/, 2)
  return isKey(type, base64) ? { options, type, base64 } : undefined
}

/** A key is a row of fields, each with its length before it, and the first is the type (RFC 4253, 6.6). */
function isKey(type: string, base64: string): boolean {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return false
  const key = Buffer.from(base64, 'base64')
  const fields: Buffer[] = []
  let at = 0
  while (at + 4 <= key.length) {
    const end = at + 4 + key.readUInt32BE(at)
    fields.push(key.subarray(at + 4, end))
    at = end
  }
  return at === key.length && fields.length > 1 && fields[0]?.toString('latin1') === type
}

/** A line of authorized_keys that is wished for. */
export interface KeyLine {
  /** As it is written. */
  readonly line: string
  readonly key: PublicKey
  readonly absent: boolean
}

/** The keys of a file, line by line. */
export function keysIn(content: Bytes): readonly (PublicKey | undefined)[] {
  const { mark, lines } = linesOf(content)
  return lines.map(({ text }, i) => (i === 0 && mark ? undefined : keyOn(text)))
}

/** To sshd a byte order mark is a part of the first line, which it then skips: nothing of ours may come to stand there. */
function linesOf(content: Bytes): Lines {
  const { mark, lines } = split(content)
  return { mark, lines: mark && lines.length === 0 ? [{ text: '', end: '' }] : lines }
}

export function isSame(a: PublicKey, b: PublicKey): boolean {
  return a.type === b.type && a.base64 === b.base64
}

/**
 * A file with the key in it, or without. Where the wish has options no line may have the key with others: one that is
 * looser would let it in.
 */
export function withKey(before: Bytes, { line, key, absent }: KeyLine): Bytes {
  const { mark, lines } = linesOf(before)
  const found = keysIn(before)
  const has = found.map((k) => k !== undefined && isSame(k, key))
  const isGood = found.every((k, i) => !has[i] || key.options === '' || k?.options === bytesOf(key.options))
  if (!absent && has.includes(true) && isGood) return before
  const place = absent ? -1 : has.indexOf(true)
  const text = bytesOf(line)
  const kept = lines.flatMap((row, i) => (i === place ? [{ ...row, text }] : has[i] ? [] : [row]))
  return whole({ mark, lines: absent || place >= 0 ? kept : append(kept, [text]) })
}
