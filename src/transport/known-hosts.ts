import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import type { Host } from '../model/host.ts'
import { keyType, knownHostsOf, names } from './host-keys.ts'

/**
 * Writes a host's new key into the known_hosts file that its connection uses, and takes all its old ones out. The file as it
 * was stays beside it as `.old`, as ssh-keygen leaves it. Gives the file's name.
 */
export function trustKey(host: Host, key: Buffer): string {
  const [file = ''] = knownHostsOf(host)
  const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const others = before
    .split('\n')
    .filter((line) => !(line.split(/\s+/)[0] ?? '').split(',').some((pattern) => names(pattern, host)))
    .filter((line) => line.trim() !== '')
  const port = host.connection.port ?? 22
  const name = port === 22 ? host.address : `[${host.address}]:${port}`
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  if (before) copyFileSync(file, `${file}.old`)
  writeFileSync(
    `${file}.new`,
    `${[...others, `${name} ${keyType(key)} ${key.toString('base64')}`].join('\n')}\n`,
    { mode: 0o600 },
  )
  chmodSync(`${file}.new`, 0o600)
  renameSync(`${file}.new`, file)
  return file
}
