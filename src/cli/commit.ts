import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/**
 * The project's commit, short; undefined where it is no checkout of git. Asked for only when something is changed: starting
 * git costs more than the rest of a converged run's set-up.
 */
export function commitOf(): string | undefined {
  known ??= { commit: read() }
  return known.commit
}

let known: { readonly commit: string | undefined } | undefined

function read(): string | undefined {
  try {
    const cwd = join(import.meta.dirname, '..', '..')
    const options = { cwd, stdio: ['ignore', 'pipe', 'ignore'] as ['ignore', 'pipe', 'ignore'] }
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], options).toString().trim()
  } catch {
    return undefined // Not a git checkout: the journal then has no commit.
  }
}
