import type { Fact } from '../model/probe.ts'
import { sh } from '../shell/sh.ts'

export interface Os {
  /** `debian` or `ubuntu`. */
  readonly id: string
  /** `12`, `13`, `24.04`. */
  readonly version: string
  /** `bookworm`, `trixie`, `noble`. */
  readonly codename: string
  /** Debian's name of the machine's architecture: `amd64`, `arm64`. */
  readonly architecture: string
}

/** The operating system, from os-release(5). */
export const os: Fact<Os> = {
  name: 'os',
  probe: {
    script: sh`cat /etc/os-release; dpkg --print-architecture`,
    parse({ stdout }) {
      const value = (key: string) => new RegExp(`^${key}="?([^"\n]*)"?$`, 'm').exec(stdout)?.[1] ?? ''
      return {
        id: value('ID'),
        version: value('VERSION_ID'),
        codename: value('VERSION_CODENAME'),
        architecture: stdout.trimEnd().split('\n').at(-1) ?? '',
      }
    },
  },
}
