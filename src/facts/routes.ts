import type { Fact } from '../model/probe.ts'
import { sh } from '../shell/sh.ts'

/** Networks that the host has a route to, in CIDR form; not the default route, nor Docker's own bridges. */
export const routes: Fact<readonly string[]> = {
  name: 'routes',
  probe: {
    script: sh`ip -4 route show | grep -Ev '^default|dev (docker|br-|veth|lo)'; :`,
    parse: ({ stdout }) => stdout.split('\n').flatMap((line) => /^(\d\S+)/.exec(line)?.[1] ?? []),
  },
}
