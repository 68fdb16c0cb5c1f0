import type { Fact } from '../model/probe.ts'
import { sh } from '../shell/sh.ts'

export interface Address {
  readonly interface: string
  readonly family: 4 | 6
  readonly address: string
  readonly prefix: number
  /** An IPv6 address that the network hands out (SLAAC, privacy extensions): tomorrow it may be another one. */
  readonly changing: boolean
  /** Bytes that its interface sends in one packet. */
  readonly mtu: number
}

/** One interface as `ip -j addr` prints it (iproute2 4.18 and newer); the fields that are used here. */
interface Link {
  readonly ifname?: string
  readonly mtu?: number
  readonly addr_info?: readonly {
    readonly family?: string
    readonly local?: string
    readonly prefixlen?: number
    readonly scope?: string
    readonly dynamic?: boolean
    readonly temporary?: boolean
    readonly mngtmpaddr?: boolean
  }[]
}

/**
 * Interfaces that Docker makes: its default bridge, the one of its swarm, one for each network of users, and one for each
 * container. Their names are fixed: 12 and 7 hexadecimal digits. A bridge called `br-lan` leads to other machines.
 */
const dockers = /^(docker0|docker_gwbridge|br-[0-9a-f]{12}|veth[0-9a-f]{7})$/

/** Is this an interface that Docker makes for its containers, or the loopback? Neither leads to another machine. */
export function isInner(name: string): boolean {
  return name === 'lo' || dockers.test(name)
}

/**
 * The addresses of the host that other machines can see: global scope, not those of Docker's bridges, and not those that
 * keepalived moves between hosts. Only iproute2 6.3 and newer says who set an address, so they are taken from
 * keepalived's own configuration.
 */
export const network: Fact<readonly Address[]> = {
  name: 'network',
  probe: {
    script: sh`ip -j addr show; echo; echo --; cat /etc/keepalived/keepalived.conf 2>/dev/null; :`,
    parse({ stdout }) {
      const [answer = '', keepalived = ''] = stdout.split(/^--$/m)
      const links = JSON.parse(answer) as readonly Link[]
      const moving = movingIn(keepalived)
      return links.flatMap(({ ifname = '', mtu = 1500, addr_info = [] }) =>
        addr_info.flatMap((found): readonly Address[] => {
          const { family, local = '', prefixlen = 0, scope } = found
          if (scope !== 'global' || isInner(ifname) || moving.has(local)) return []
          if (family !== 'inet' && family !== 'inet6') return []
          const handedOut = found.dynamic || found.temporary || found.mngtmpaddr
          return [
            {
              interface: ifname,
              family: family === 'inet' ? 4 : 6,
              address: local,
              prefix: prefixlen,
              changing: family === 'inet6' && handedOut === true,
              mtu,
            },
          ]
        }),
      )
    },
  },
}

/** Addresses in the blocks `virtual_ipaddress` and `virtual_ipaddress_excluded` of keepalived.conf(5). */
function movingIn(configuration: string): ReadonlySet<string> {
  const text = configuration.replaceAll(/[!#].*$/gm, '')
  const blocks = [...text.matchAll(/\bvirtual_ipaddress(?:_excluded)?\s*\{([^}]*)\}/g)]
  return new Set(
    blocks.flatMap(([, block = '']) =>
      block.split('\n').flatMap((line) => /^\s*([0-9a-fA-F.:]+)/.exec(line)?.[1] ?? []),
    ),
  )
}
