import type { Fact } from '../model/probe.ts'
import { sh } from '../shell/sh.ts'

/**
 * Written on a host that is to carry no clients: Patroni reads it beside its own file, and keepalived looks whether it is
 * there. It is all that a drained host differs by, so that whoever else runs leaves it as it is.
 */
export const drainedFile = '/etc/provision/postgres/drained.yml'

/** Was the host drained (`provision maintenance on HOST`)? */
export const drained: Fact<boolean> = {
  name: 'drained',
  probe: {
    script: sh`if [ -e ${drainedFile} ]; then echo drained; fi`,
    parse: ({ stdout }) => stdout.trim() === 'drained',
  },
}
