import type { Fact } from '../model/probe.ts'
import { sh } from '../shell/sh.ts'

/** `none`: not installed, or switched off. `running`: it still sets the machine up. */
export type CloudInit = 'none' | 'ended' | 'running'

/** Seconds: on a first boot it installs packages, and a mirror may be slow. */
const patienceSeconds = 300

/**
 * cloud-init, which sets up a rented machine at its first boots: it holds apt's locks meanwhile, and may make the host's keys
 * again. Whoever is still at it is waited for. By its own files (`/run/cloud-init`): its command is a Python of half a second.
 */
export const cloudInit: Fact<CloudInit> = {
  name: 'cloud-init',
  withinSeconds: patienceSeconds + 30,
  probe: {
    script: sh`if [ -e /run/cloud-init/enabled ]; then i=0
until [ -e /run/cloud-init/result.json ] || [ "$i" = ${patienceSeconds} ]; do i=$((i + 1)); sleep 1; done
if [ -e /run/cloud-init/result.json ]; then echo ended; else echo running; fi
else echo none; fi`,
    parse({ stdout }) {
      const said = stdout.trim()
      if (said !== 'none' && said !== 'ended' && said !== 'running') throw new Error('no answer')
      return said
    },
  },
}
