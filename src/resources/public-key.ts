import type { Bytes } from './bytes.ts'

/** A public key as authorized_keys(5) has it: `options type base64 comment`. */
export interface PublicKey {
  /** What stands before the key, as it is written there; empty where nothing does. */
  readonly options: string
  readonly type: string
  readonly base64: string
}

/** The key on a line; undefined where there is none: a comment, an empty line, or one that sshd would skip. */
export function keyOn(line: Bytes): PublicKey | undefined {
  const text = line.replace(/^[ \t]+/, '')
  if (text === '' || text.startsWith('#')) return undefined
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
