import type { Fact } from '../model/probe.ts'
import { sh } from '../shell/sh.ts'

/** The connection we came by, as the host sees it; undefined for a local run. */
export interface Login {
  readonly from: string
  readonly to: string
  readonly port: number
}

/** SSH_CONNECTION of the login, handed to the script as `$1` because sudo drops the variable. */
export const login: Fact<Login | undefined> = {
  name: 'login',
  probe: {
    script: sh`printf '%s\n' "$1"`,
    parse({ stdout }) {
      const [from, , to, port] = stdout.trim().split(' ')
      return from && to && port ? { from, to, port: Number(port) } : undefined
    },
  },
}
