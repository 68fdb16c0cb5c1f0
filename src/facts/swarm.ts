import { enginePage, type SwarmInfo, swarmInfo } from '../docker/pages.ts'
import type { Fact } from '../model/probe.ts'
import { sh } from '../shell/sh.ts'

/**
 * What a host knows of its swarm. Its state is `unknown` where the Engine is there and does not answer: such a host may
 * well be in a swarm, and none may be founded because of its silence.
 */
export const swarm: Fact<SwarmInfo> = {
  name: 'swarm',
  probe: {
    script: sh`if [ -S /run/docker.sock ]; then echo there; fi`,
    gets: [enginePage('/info')],
    parse: ({ stdout }, [info]) =>
      stdout.startsWith('there') && !info ? { ...swarmInfo(info), state: 'unknown' } : swarmInfo(info),
  },
}
