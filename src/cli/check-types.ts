import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { registerHooks } from 'node:module'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InputError } from '../errors.ts'

/** What a check relied on: what each file was then. `none`: it was not there. */
type Checked = ReadonlyMap<string, string>

const typescript = /\.[cm]?ts$/

/**
 * Type-checks the playbook and every file that it reaches, wherever it lies. Node runs TypeScript by taking the types away, so
 * without this a wrong var would only be met on the host. The answer is kept until one of these files changes. Throws InputError
 * with file and line.
 */
export function checkTypes(playbook: string, root: string, isForced = false): Checked {
  const folder = cacheFolder(root)
  const stamp = join(folder, `${createHash('sha256').update(playbook).digest('hex').slice(0, 16)}.json`)
  const known = isForced ? undefined : readStamp(stamp)
  if (known) return known
  const checked = compile(playbook, root, folder)
  // Two runs may check at once: a stamp is there whole, or not.
  const part = `${stamp}.${process.pid}`
  writeFileSync(part, JSON.stringify([...checked]))
  renameSync(part, stamp)
  return checked
}

/**
 * Imports a playbook, and nothing that was not checked: a link that leads elsewhere since then is noticed when Node follows it,
 * before a line of it runs. Such a playbook is checked once more.
 */
export async function importChecked<T>(playbook: string, root: string, load: () => Promise<T>): Promise<T> {
  let checked = checkTypes(playbook, root)
  let isAgain = false
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context)
      if (found.url.startsWith('file:')) {
        const file = fileURLToPath(found.url)
        const isOurs = typescript.test(file) && !file.includes('/node_modules/')
        if (isOurs && !isAgain && !checked.has(file)) {
          isAgain = true
          checked = checkTypes(playbook, root, true)
        }
      }
      return found
    },
  })
  try {
    return await load()
  } finally {
    hooks.deregister()
  }
}

function compile(playbook: string, root: string, folder: string): Checked {
  if (process.stderr.isTTY) process.stderr.write('checking types …\r')
  const project = join(folder, `${process.pid}.tsconfig.json`)
  const files = [join(root, 'tsconfig.json'), join(root, 'node_modules', '.package-lock.json')]
  // Looked at before they are read: what changes meanwhile is noticed by the next run.
  const before = new Map<string, string>()
  // A project of its own: the playbook may lie anywhere, and the tests are none of its business.
  writeFileSync(
    project,
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        // An import too many is a matter for the linter, not a reason to refuse a run.
        noUnusedLocals: false,
        noUnusedParameters: false,
        typeRoots: [join(root, 'node_modules', '@types')],
      },
      include: [],
      files: [playbook],
    }),
  )
  const started = Date.now()
  const tsc = spawnSync(
    join(root, 'node_modules', '.bin', 'tsc'),
    ['--noEmit', '--pretty', 'false', '--listFiles', '-p', project],
    { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 },
  )
  rmSync(project, { force: true })
  if (process.stderr.isTTY) process.stderr.write('\x1b[2K\r')
  if (tsc.error) throw tsc.error
  const lines = tsc.stdout.split('\n')
  const errors = lines.filter((line) => /^\S.*\(\d+,\d+\): error /.test(line) || /^error TS/.test(line))
  if (errors.length > 0)
    throw new InputError({
      what: errors
        .slice(0, 10)
        .map((line) => line.replace(/\((\d+),(\d+)\)/, ':$1:$2'))
        .join('\n'),
      next: `mend the type error${errors.length > 1 ? 's' : ''}; nothing was connected to`,
    })
  if (tsc.status !== 0) throw new Error(`tsc ended with ${tsc.status}: ${tsc.stdout}${tsc.stderr}`)
  const reached = lines.filter((line) => line.startsWith('/') && !line.includes('/node_modules/'))
  for (const file of [...files, ...reached, ...packagesAbove(reached)])
    before.set(file, stateOf(file, started))
  return before
}

/** What says how a file of a folder is understood, and what a package's name leads to: also where there is none yet. npm writes
 * the second with every change of what is installed. */
function packagesAbove(files: readonly string[]): ReadonlySet<string> {
  const folders = new Set<string>()
  for (const file of files)
    for (let folder = dirname(file); !folders.has(folder); folder = dirname(folder)) folders.add(folder)
  const names = ['package.json', join('node_modules', '.package-lock.json')]
  return new Set([...folders].flatMap((folder) => names.map((name) => join(folder, name))))
}

/**
 * What tells that a file is still the one that was checked. The time of its inode changes with every write, rename and change of
 * times, whatever a tool makes of the others. A file that was written after the check had begun may have been read before.
 */
function stateOf(file: string, notAfterMs = Number.POSITIVE_INFINITY): string {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false })
  if (!found) return 'none'
  if (Number(found.ctimeMs) >= notAfterMs) return 'changed meanwhile'
  return [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ')
}

function readStamp(stamp: string): Checked | undefined {
  try {
    const kept = new Map(JSON.parse(readFileSync(stamp, 'utf8')) as [string, string][])
    return kept.size > 0 && [...kept].every(([file, state]) => stateOf(file) === state) ? kept : undefined
  } catch {
    // None yet, or half of one: both mean that it must be checked.
    return undefined
  }
}

/** Beside the sources; elsewhere where these may only be read. */
function cacheFolder(root: string): string {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  for (const folder of [join(root, '.cache', 'types'), join(cache, 'provision', 'types')])
    try {
      mkdirSync(folder, { recursive: true })
      accessSync(folder, constants.W_OK)
      return folder
    } catch {
      // The next one.
    }
  return mkdtempSync(join(tmpdir(), 'provision-types-'))
}
