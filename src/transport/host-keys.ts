import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Host } from '../model/host.ts'

export type Verdict = 'known' | 'unknown' | 'changed'

/** The fingerprint as OpenSSH prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/** Is this the key that we know of this host? Pins of the inventory decide alone; else known_hosts does. */
export function verdict(host: Host, key: Buffer): Verdict {
  const { hostKeys } = host.connection
  if (hostKeys.length > 0) return hostKeys.some((pin) => matches(pin, key)) ? 'known' : 'changed'
  const known = knownHostsOf(host)
    .flatMap(read)
    .filter(({ patterns }) => patterns.some((p) => names(p, host)))
  if (known.some((entry) => entry.key === key.toString('base64'))) return 'known'
  // Only a key of the same type contradicts: a host may have more types than we recorded.
  return known.some((entry) => entry.type === keyType(key)) ? 'changed' : 'unknown'
}

/** The files that know a host's key, the one that is ours to write first. */
export function knownHostsOf({ connection: { knownHosts } }: Host): readonly string[] {
  return knownHosts ? [knownHosts] : [join(homedir(), '.ssh', 'known_hosts'), '/etc/ssh/ssh_known_hosts']
}

/** `ssh-ed25519`, read from the key's own first field (RFC 4253, 6.6). */
export function keyType(key: Buffer): string {
  return key.subarray(4, 4 + key.readUInt32BE(0)).toString()
}

function matches(pin: string, key: Buffer): boolean {
  if (pin.startsWith('SHA256:')) return pin === fingerprint(key)
  return pin.trim().split(/\s+/)[1] === key.toString('base64')
}

interface Entry {
  readonly patterns: readonly string[]
  readonly type: string
  readonly key: string
}

function read(file: string): readonly Entry[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return [] // A missing known_hosts knows nobody; that is a state, not an error.
  }
  return text
    .split('\n')
    .filter((line) => line && !line.startsWith('#') && !line.startsWith('@'))
    .flatMap((line) => {
      const [patterns, type, key] = line.split(/\s+/)
      return patterns && type && key ? [{ patterns: patterns.split(','), type, key }] : []
    })
}

/** Does a pattern of known_hosts, hashed or plain, stand for this host? */
export function names(pattern: string, host: Host): boolean {
  const port = host.connection.port ?? 22
  const name = port === 22 ? host.address : `[${host.address}]:${port}`
  if (!pattern.startsWith('|1|')) return pattern === name
  const [, , salt = '', hash = ''] = pattern.split('|')
  const own = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest()
  const theirs = Buffer.from(hash, 'base64')
  return own.length === theirs.length && timingSafeEqual(own, theirs)
}
