import type { Fact } from '../model/probe.ts'
import { sh } from '../shell/sh.ts'

/** How an Engine came to a host, by the package that holds it; `snap`: by Ubuntu's snap, which is no package. */
export type EngineSource = 'docker.io' | 'docker-ce' | 'moby-engine' | 'podman-docker' | 'snap'

const packages = ['docker.io', 'docker-ce', 'moby-engine', 'podman-docker'] as const

/** The Engine that is installed, whoever did it; undefined where there is none. podman-docker only acts as if it were one. */
export const dockerEngine: Fact<EngineSource | undefined> = {
  name: 'docker-engine',
  probe: {
    script: sh`if [ -e /snap/docker/current ]; then echo snap installed; fi
dpkg-query -W -f='\${Package} \${db:Status-Status}\n' -- ${packages} 2>/dev/null; :`,
    parse({ stdout }) {
      const installed = [...stdout.matchAll(/^(\S+) installed$/gm)].map(([, name]) => name)
      return (['snap', ...packages] as const).find((name) => installed.includes(name))
    },
  },
}
