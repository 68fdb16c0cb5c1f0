import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cache } from '../../src/lab/settings.ts'

/**
 * promtool of this machine, or out of its Debian package, unpacked beside the lab's other downloads: installed it would
 * start a Prometheus here. Undefined where there is neither: offline, or no Debian.
 */
export function findPromtool(): string | undefined {
  const installed = (process.env.PATH ?? '').split(':').map((folder) => join(folder, 'promtool'))
  const folder = join(cache, 'promtool')
  const unpacked = join(folder, 'usr/bin/promtool')
  const found = [...installed, unpacked].find(existsSync)
  if (found || !existsSync('/usr/bin/apt-get')) return found
  try {
    unpack(folder)
  } catch {
    return undefined
  }
  return unpacked
}

function unpack(folder: string): void {
  const half = `${folder}.${process.pid}.new`
  mkdirSync(half, { recursive: true })
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { cwd: half, stdio: 'ignore' })
  try {
    if (process.getuid?.() === 0) run('apt-get', '-qq', 'update')
    // A package of its own since Debian 13; before it is in Prometheus' one.
    try {
      run('apt-get', '-qq', 'download', 'promtool')
    } catch {
      run('apt-get', '-qq', 'download', 'prometheus')
    }
    const [archive] = readdirSync(half)
    run('dpkg', '-x', archive ?? '', half)
    renameSync(half, folder)
  } finally {
    rmSync(half, { recursive: true, force: true })
  }
}
