import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** A unified diff with three lines of context; the library is loaded only when a diff is shown. */
export function unifiedDiff(path: string, before: string, after: string): string {
  if (before.includes('\0') || after.includes('\0')) return 'binary files differ'
  const { createTwoFilesPatch } = require('diff') as typeof import('diff')
  const patch = createTwoFilesPatch(path, path, before, after, undefined, undefined, { context: 3 })
  return patch.replace(/^=+\n/, '').trimEnd()
}
