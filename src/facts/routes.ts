import type { Fact } from '../model/probe.ts'
import { sh } from '../shell/sh.ts'
import { isInner } from './network.ts'

/** One route as `ip -j route` prints it; the fields that are used here. */
interface Route {
  readonly dst?: string
  readonly dev?: string
  readonly type?: string
  readonly table?: string
}

/**
 * IPv4 networks that the host has a route to, in CIDR form, in whatever table (policy routing has several); not the
 * default routes, nor those to Docker's own bridges, nor the host's own addresses.
 */
export const routes: Fact<readonly string[]> = {
  name: 'routes',
  probe: {
    script: sh`ip -4 -j route show table all`,
    parse({ stdout }) {
      const found = JSON.parse(stdout) as readonly Route[]
      const networks = found
        .filter(({ dst = 'default', dev = '', type = 'unicast', table }) => {
          return dst !== 'default' && type === 'unicast' && table !== 'local' && !isInner(dev)
        })
        .map(({ dst = '' }) => dst)
      return [...new Set(networks)]
    },
  },
}
