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

/** When this boot began, in seconds since 1970; undefined where systemd does not say. */
export const bootedAt: Fact<number | undefined> = {
  name: 'booted-at',
  probe: {
    script: sh`systemctl show --timestamp=unix --property=UserspaceTimestamp --value 2>/dev/null; :`,
    parse: ({ stdout }) => Number(/^@(\d+)/.exec(stdout)?.[1] ?? Number.NaN) || undefined,
  },
}
