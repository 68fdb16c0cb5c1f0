import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { InputError } from '../errors.ts'

/**
 * Type-checks the playbook and all that it can import. Node runs TypeScript by taking the types away, so without
 * this a wrong var would only be met on the host. An answer is kept until a file changes: a run pays for it once.
 */
export function checkTypes(playbook: string, root: string): void {
  const stamp = join(root, '.cache', `types-${fingerprint(playbook, root)}`)
  if (existsSync(stamp)) return
  mkdirSync(dirname(stamp), { recursive: true })
  // Two runs may check at once.
  const project = `${stamp}.${process.pid}.json`
  // A project of its own: the playbook may lie anywhere, and the tests are none of its business.
  writeFileSync(
    project,
    JSON.stringify({
      extends: '../tsconfig.json',
      // An import too many is a matter for the linter, not a reason to refuse a run.
      compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
      include: ['../src', '../roles'],
      files: [playbook],
    }),
  )
  const tsc = spawnSync(
    join(root, 'node_modules', '.bin', 'tsc'),
    ['--noEmit', '--pretty', 'false', '-p', project],
    { cwd: root, encoding: 'utf8' },
  )
  rmSync(project)
  if (tsc.error) throw tsc.error
  const errors = tsc.stdout.split('\n').filter((line) => /^\S+\.ts\(\d+,\d+\)/.test(line))
  if (errors.length > 0)
    throw new InputError({
      what: errors
        .slice(0, 10)
        .map((line) => line.replace(/\((\d+),(\d+)\)/, ':$1:$2'))
        .join('\n'),
      next: `mend the type error${errors.length > 1 ? 's' : ''}; nothing was connected to`,
    })
  writeFileSync(stamp, '')
}

/** Of names, sizes and times of all sources: reading them whole would cost every run. */
function fingerprint(playbook: string, root: string): string {
  const hash = createHash('sha256')
  for (const folder of ['src', 'roles', 'playbooks', dirname(relative(root, playbook))])
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).sort()) {
      if (!name.endsWith('.ts')) continue
      const { size, mtimeMs } = statSync(join(root, folder, name))
      hash.update(`${folder}/${name} ${size} ${mtimeMs}\n`)
    }
  return hash.digest('hex').slice(0, 16)
}
