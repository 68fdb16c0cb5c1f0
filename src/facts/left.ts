import type { Fact } from '../model/probe.ts'
import { sh } from '../shell/sh.ts'

/** Written on a host that was taken out of its cluster in order; what is in it says when. */
export const leftFile = '/var/lib/provision/left'

/** Since when the host is out of its cluster; undefined where it never left. */
export const leftAt: Fact<string | undefined> = {
  name: 'left',
  probe: {
    script: sh`if [ -e ${leftFile} ]; then cat ${leftFile}; fi`,
    parse: ({ stdout }) => stdout.trim() || undefined,
  },
}
