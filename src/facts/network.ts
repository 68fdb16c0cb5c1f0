import type { Fact } from '../model/probe.ts'
import { sh } from '../shell/sh.ts'

export interface Address {
  readonly interface: string
  readonly family: 4 | 6
  readonly address: string
  readonly prefix: number
}

/** The addresses of the host that other machines can see: global scope, not those of Docker's bridges. */
export const network: Fact<readonly Address[]> = {
  name: 'network',
  probe: {
    // The address that moves between hosts is none of a host's own. Its name stands in a folder that keepalived makes for
    // root alone: others see the number.
    script: sh`ip -o addr show scope global | grep -vE ' proto (keepalived|0x12) '`,
    parse({ stdout }) {
      if (stdout.trim() === '') throw new Error('ip(8) did not answer')
      return [...stdout.matchAll(/^\d+: (\S+?)(?:@\S+)?\s+(inet6?) (\S+?)\/(\d+)/gm)]
        .filter(([, name = '']) => !/^(docker|br-|veth|lo)/.test(name))
        .map(([, name = '', family, address = '', prefix]) => ({
          interface: name,
          family: family === 'inet' ? 4 : 6,
          address,
          prefix: Number(prefix),
        }))
    },
  },
}
