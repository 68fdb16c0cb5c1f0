import type { Fact } from '../model/probe.ts'
import { type Upgradable, upgradableIn, upgradeFlags } from '../model/upgradable.ts'
import { aptListsAreOld, aptUpdate } from '../shell/apt.ts'
import { sh } from '../shell/sh.ts'

/** What a newer package is there for, on a host. */
export interface Newer {
  readonly packages: readonly Upgradable[]
  /** Why nobody can say; undefined where all went well. */
  readonly error?: string
}

/**
 * Packages with a newer version. It refreshes the package lists where they are older than ten minutes: a cache, and all
 * that it changes.
 */
export const upgradable: Fact<Newer> = {
  name: 'upgradable',
  // Mirrors may be slow, and another apt may hold the lock first.
  withinSeconds: 420,
  probe: {
    isolated: true,
    script: sh`if ${aptListsAreOld(10)}; then said=$( { ${aptUpdate}; } 2>&1 ) || { printf 'error %s\n' "$(printf %s "$said" | tail -n 1)"; exit 0; }; fi
said=$(apt-get -s -qq upgrade ${upgradeFlags} 2>&1) || { printf 'error %s\n' "$(printf '%s\n' "$said" | grep '^E:' | tail -n 1)"; exit 0; }
printf '%s\n' "$said"`,
    parse({ stdout }) {
      const error = /^error (.*)$/m.exec(stdout)?.[1]
      return { packages: upgradableIn(stdout), ...(error === undefined ? {} : { error }) }
    },
  },
}
