import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { ConnectError } from '../errors.ts'
import type { Host } from '../model/host.ts'
import { matchesPatterns } from './patterns.ts'

/** What we know of a key that a host shows. A revoked key is refused whatever else is said of it. */
export type Verdict = 'known' | 'unknown' | 'changed' | 'revoked'

/** The fingerprint as OpenSSH prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/** Is this the key that we know of this host? Throws ConnectError where a file that may know it cannot be read. */
export function verdict(host: Host, key: Buffer): Verdict {
  return judge(host)(key)
}

/**
 * Reads all that is known of a host's keys, and judges a key by it. Pins of the inventory decide alone, else known_hosts does;
 * `@revoked` lines count above both, wherever they stand. Throws ConnectError where a file is there and cannot be read.
 */
export function judge(host: Host): (key: Buffer) => Verdict {
  const own = new Set(knownHostsOf(host))
  const lines = [...new Set([...own, ...usualFiles()])].flatMap((file) =>
    entriesOf(readKnown(host, file)).map((entry) => ({ ...entry, isOwn: own.has(file) })),
  )
  const entries = lines.filter((entry) => isNamed(entry.patterns, host))
  const revoked = [...entries.filter((e) => e.marker === '@revoked').map((e) => e.key), ...revokedKeys(host)]
  const known = entries.filter((e) => e.marker === '' && e.isOwn)
  const { hostKeys } = host.connection
  return (key) => {
    if (revoked.some((other) => other.equals(key))) return 'revoked'
    if (hostKeys.length > 0) return hostKeys.some((pin) => isPinned(pin, key)) ? 'known' : 'changed'
    if (known.some((entry) => entry.key.equals(key))) return 'known'
    // Only a key of the same type contradicts: a host may have more types than we recorded.
    return known.some((entry) => entry.type === keyType(key)) ? 'changed' : 'unknown'
  }
}

/** The files that know a host's key, the one that is ours to write first. */
export function knownHostsOf({ connection }: Host): readonly string[] {
  const { knownHosts, moreKnownHosts = [] } = connection
  return knownHosts ? [knownHosts, ...moreKnownHosts] : usualFiles()
}

/** Files of known_hosts where nothing else is said, as in ssh_config(5). */
export const usualKnownHosts = {
  user: () => ['known_hosts', 'known_hosts2'].map((name) => join(homedir(), '.ssh', name)),
  global: () => ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'],
}

function usualFiles(): readonly string[] {
  return [...usualKnownHosts.user(), ...usualKnownHosts.global()]
}

/** `ssh-ed25519`, read from the key's own first field (RFC 4253, 6.6). */
export function keyType(key: Buffer): string {
  return key.subarray(4, 4 + key.readUInt32BE(0)).toString()
}

/** How known_hosts calls a host. */
export function nameOf({ address, connection: { port = 22 } }: Host): string {
  return (port === 22 ? address : `[${address}]:${port}`).toLowerCase()
}

function isPinned(pin: string, key: Buffer): boolean {
  if (pin.startsWith('SHA256:')) return pin === fingerprint(key)
  return pin.trim().split(/\s+/)[1] === key.toString('base64')
}

interface Entry {
  /** `@revoked`, `@cert-authority`, or nothing. */
  readonly marker: string
  readonly patterns: readonly string[]
  readonly type: string
  readonly key: Buffer
}

function entriesOf(text: string): readonly Entry[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const words = line.trim().split(/[ \t]+/)
    const marker = words[0]?.startsWith('@') ? (words.shift() ?? '').toLowerCase() : ''
    const [patterns, type, key] = words
    if (!patterns || patterns.startsWith('#') || !type || !key) return []
    return [{ marker, patterns: patterns.split(','), type, key: Buffer.from(key, 'base64') }]
  })
}

function readKnown(host: Host, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    // A missing known_hosts knows nobody; that is a state, not an error.
    if (code === 'ENOENT' || code === 'ENOTDIR') return ''
    throw new ConnectError({
      host: host.name,
      what: `${file} cannot be read: ${message}`,
      why: 'it may say what the host key must be, or that it is revoked',
      next: 'make it readable for the user who runs provision',
      cause,
    })
  }
}

/** Keys of `RevokedHostKeys` in ssh_config: public keys, one a line. */
function revokedKeys(host: Host): readonly Buffer[] {
  const file = host.connection.revokedHostKeys
  if (file === undefined) return []
  const refuse = (why: string, cause?: unknown) =>
    new ConnectError({
      host: host.name,
      what: `RevokedHostKeys ${file} of the ssh_config ${why}: no host key can be trusted`,
      next: 'name a file with one public key a line there, or take the line out',
      cause,
    })
  let text: string
  try {
    text = readFileSync(file, 'latin1')
  } catch (cause) {
    throw refuse(`cannot be read (${(cause as Error).message})`, cause)
  }
  if (text.startsWith('SSHKRL')) throw refuse('is a key revocation list, which provision does not read')
  return text.split(/\r?\n/).flatMap((line) => {
    const [type = '', key] = line.trim().split(/[ \t]+/)
    return key === undefined || type.startsWith('#') ? [] : [Buffer.from(key, 'base64')]
  })
}

/** Does a line of known_hosts stand for this host? One hashed pattern, or plain ones with `*`, `?` and `!`. */
function isNamed(patterns: readonly string[], host: Host): boolean {
  const hashed = patterns.filter((p) => p.startsWith('|'))
  return hashed.some((p) => names(p, host)) || matchesPatterns(patterns, nameOf(host))
}

/** Does a pattern of known_hosts, hashed or plain, name this host and no other? */
export function names(pattern: string, host: Host): boolean {
  const name = nameOf(host)
  if (!pattern.startsWith('|1|')) return pattern.toLowerCase() === name
  const [, , salt = '', hash = ''] = pattern.split('|')
  const own = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest()
  const theirs = Buffer.from(hash, 'base64')
  return own.length === theirs.length && timingSafeEqual(own, theirs)
}
