import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

/**
 * The key of digests where an inventory keeps no secrets of its own: made once for each operator, readable by nobody else. Where
 * it cannot be kept, one for this process alone.
 */
export function operatorKey(
  file = join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'provision', 'digest.key'),
): string {
  const made = randomBytes(32).toString('hex')
  try {
    return readKey(file) ?? keep(file, made)
  } catch {
    return made
  }
}

function readKey(file: string): string | undefined {
  try {
    const key = readFileSync(file, 'utf8').trim()
    return key === '' ? undefined : key
  } catch {
    return undefined
  }
}

/** Two runs may make one at once: whoever comes second takes that of the first. */
function keep(file: string, key: string): string {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const part = `${file}.${process.pid}`
  writeFileSync(part, `${key}\n`, { mode: 0o600, flag: 'wx' })
  try {
    linkSync(part, file)
  } catch {
    return readKey(file) ?? key
  } finally {
    rmSync(part, { force: true })
  }
  return key
}
