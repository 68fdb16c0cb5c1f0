import { createHmac, randomBytes } from 'node:crypto'
import { closeSync, fstatSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Host } from '../model/host.ts'
import { keyType, knownHostsOf, nameOf } from './host-keys.ts'

/**
 * Appends a key that was taken unseen to the known_hosts file that ssh would write: a changed one is noticed the next time.
 * Nothing that stands there is touched, and lines of others that are written at the same moment stay whole. Gives the file's
 * name. Throws what the file system says.
 */
export function recordKey(host: Host, key: Buffer): string {
  const [file = ''] = knownHostsOf(host)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const handle = openSync(file, 'a+', 0o600)
  try {
    const { size } = fstatSync(handle)
    const last = Buffer.alloc(1, '\n')
    if (size > 0) readSync(handle, last, 0, 1, size - 1)
    const name = host.connection.hashKnownHosts ? hashed(nameOf(host)) : nameOf(host)
    const line = `${name} ${keyType(key)} ${key.toString('base64')}\n`
    // One write at the end of the file, whoever else writes there.
    writeSync(handle, last.toString() === '\n' ? line : `\n${line}`)
  } finally {
    closeSync(handle)
  }
  return file
}

function hashed(name: string): string {
  const salt = randomBytes(20)
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`
}
