import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import type { Host } from '../model/host.ts'
import { keyType, knownHostsOf, names } from './host-keys.ts'

/**
 * Writes a host's new key into the known_hosts file that its connection uses, and takes all its old ones out. All else stays
 * byte for byte: comments, marked lines (`@revoked`), other hosts that share a line with it. A link is followed. The file
 * as it was stays beside it as `.old`, as ssh-keygen leaves it. Gives the file's name.
 */
export function trustKey(host: Host, key: Buffer): string {
  const [file = ''] = knownHostsOf(host)
  // One char for each byte: a comment may be in any encoding.
  const before = existsSync(file) ? readFileSync(file, 'latin1') : ''
  const others = (before.match(/[^\n]*\n|[^\n]+$/g) ?? []).map((line) => without(line, host)).join('')
  const port = host.connection.port ?? 22
  const name = port === 22 ? host.address : `[${host.address}]:${port}`
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  if (before) copyFileSync(file, `${file}.old`)
  const target = existsSync(file) ? realpathSync(file) : file
  const ended = others === '' || others.endsWith('\n') ? others : `${others}\n`
  rmSync(`${target}.new`, { force: true })
  writeFileSync(`${target}.new`, `${ended}${name} ${keyType(key)} ${key.toString('base64')}\n`, {
    mode: 0o600,
    encoding: 'latin1',
    flag: 'wx',
  })
  renameSync(`${target}.new`, target)
  return file
}

/** A line without this host; nothing is left of one that is for it alone, by its address or its name. */
function without(line: string, host: Host): string {
  const [, lead = '', patterns = '', rest = ''] = /^(\s*)(\S*)([\s\S]*)$/.exec(line) ?? []
  const all = patterns.split(',')
  if (!all.some((pattern) => names(pattern, host))) return line
  const left = all.filter((pattern) => !names(pattern, host) && pattern !== host.name)
  return left.length === 0 ? '' : lead + left.join(',') + rest
}
