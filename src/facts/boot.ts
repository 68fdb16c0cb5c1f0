import type { Fact } from '../model/probe.ts'
import { sh } from '../shell/sh.ts'

/** The kernel's name for this boot: another one after each. */
export const bootId: Fact<string> = {
  name: 'boot-id',
  probe: {
    script: sh`cat /proc/sys/kernel/random/boot_id`,
    parse: ({ stdout }) => stdout.trim(),
  },
}
