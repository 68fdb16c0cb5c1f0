import type { Fact } from '../model/probe.ts'
import { sh } from '../shell/sh.ts'

/** Has a run ever come to its end on this host? What is costly to measure is asked only before that. */
export const prepared: Fact<boolean> = {
  name: 'prepared',
  probe: {
    script: sh`for f in /var/lib/provision/managed/*; do if [ -e "$f" ]; then echo yes; fi; done`,
    parse: ({ stdout }) => stdout.startsWith('yes'),
  },
}
