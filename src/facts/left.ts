import type { Fact } from '../model/probe.ts'
import { sh } from '../shell/sh.ts'

/** Written on a host that was taken out of its cluster in order. */
export const leftFile = '/var/lib/provision/left'

/** Was the host taken out of its cluster, and not let in again? */
export const hasLeft: Fact<boolean> = {
  name: 'left',
  probe: {
    script: sh`if [ -e ${leftFile} ]; then echo left; fi`,
    parse: ({ stdout }) => stdout.trim() === 'left',
  },
}
