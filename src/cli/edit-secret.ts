import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InputError } from '../errors.ts'

/**
 * Opens a value in the operator's editor; gives what it is afterwards. It is in a file only meanwhile: in memory where there
 * is such a folder, for its owner alone, and taken away whatever the ending. Throws InputError where the editor failed.
 */
export async function edited(name: string, value: string): Promise<string> {
  const folder = mkdtempSync(join(privateFolder(), 'provision-edit-'))
  const file = join(folder, name.replaceAll(/[^A-Za-z0-9._-]/g, '_'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const editor = process.env.VISUAL || process.env.EDITOR || 'vi'
  // Ctrl-C is the editor's; whatever else ends us must not leave the file behind.
  const endings = ['SIGTERM', 'SIGHUP', 'SIGQUIT'] as const
  const onInterrupt = () => {}
  const onEnd = () => {
    remove()
    process.exit(1)
  }
  process.on('SIGINT', onInterrupt)
  for (const signal of endings) process.on(signal, onEnd)
  try {
    writeFileSync(file, `${value}\n`, { mode: 0o600, flag: 'wx' })
    const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' })
    const [code, signal] = await once(child, 'close')
    if (code !== 0)
      throw new InputError({
        what: `the editor ${editor} ended with ${signal ?? `exit code ${code}`}: nothing was changed`,
        next: 'name another one: EDITOR=nano provision secrets edit …',
      })
    return readFileSync(file, 'utf8')
  } finally {
    process.off('SIGINT', onInterrupt)
    for (const signal of endings) process.off(signal, onEnd)
    remove()
  }
}

/** A folder in memory, where there is one. */
function privateFolder(): string {
  const found = [process.env.XDG_RUNTIME_DIR, '/dev/shm'].find((folder) => {
    try {
      accessSync(folder ?? '', constants.W_OK)
      return true
    } catch {
      return false
    }
  })
  return found || tmpdir()
}
