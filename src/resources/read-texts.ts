import type { Probe } from '../model/probe.ts'
import { sh } from '../shell/sh.ts'

/** What a wish needs to read: whole text files, also those of /proc and /sys. */
export interface Reads {
  readonly reads: readonly string[]
}

/** Lines by path. A file that is not there, or cannot be read, has no entry. */
export type Texts = ReadonlyMap<string, readonly string[]>

/** The probe of all kinds that look into text files: one process for any number of files and kinds. */
export function probeTexts(wishes: readonly Reads[]): Probe<readonly Texts[]> {
  const paths = [...new Set(wishes.flatMap((w) => w.reads))]
  return {
    // An empty file gives no line: the shell itself says which are there. NUL parts a name from its line.
    script: sh`for f in ${paths}; do if [ -e "$f" ]; then printf '%s\n' "$f"; fi; done; echo --
grep -HZ '' -- ${paths} 2>/dev/null`,
    parse({ stdout }) {
      const border = stdout.indexOf('--\n')
      if (border < 0) throw new Error('the answer is cut off')
      const there = stdout.slice(0, border).split('\n').filter(Boolean)
      const texts = new Map(there.map((path) => [path, [] as string[]]))
      for (const row of stdout.slice(border + 3).split('\n')) {
        const at = row.indexOf('\0')
        if (at > 0) texts.get(row.slice(0, at))?.push(row.slice(at + 1))
      }
      return wishes.map(() => texts)
    },
  }
}
