/** A process that waits for packets. */
export interface Socket {
  readonly protocol: 'tcp' | 'udp'
  /** `0.0.0.0`, `::`, `127.0.0.1`, `10.0.0.1`; a wildcard that takes both families is `*`. */
  readonly address: string
  readonly port: number
  /** Undefined for the kernel itself (VXLAN), and where we may not know. */
  readonly process?: string
  readonly pid?: number
  /** Id of the container that the process runs in. */
  readonly container?: string
  /** As `ss` printed it, blanks squeezed. */
  readonly text: string
}

/** Reads `ss -Hlntup`. `containers` gives the container of a process id. Throws on a line that is no socket. */
export function parseSockets(text: string, containers: ReadonlyMap<number, string>): readonly Socket[] {
  return text.split('\n').flatMap((line): Socket[] => {
    if (line.trim() === '') return []
    const [protocol = '', , , , local = '', , ...rest] = line.trim().split(/\s+/)
    const [, name = '', number = ''] = /^(.*):(\d+|\*)$/.exec(local) ?? []
    if ((protocol !== 'tcp' && protocol !== 'udp') || name === '')
      throw new Error(`no line of ss: ${line.slice(0, 120)}`)
    if (number === '*') return []
    const users = rest.join(' ')
    const [, process, pid] = /\(\("([^"]*)",pid=(\d+)/.exec(users) ?? []
    const container = pid === undefined ? undefined : containers.get(Number(pid))
    return [
      {
        protocol,
        address: name
          .replace(/^\[|\]$/g, '')
          .replace(/%.*$/, '')
          .replace(/\]$/, ''),
        port: Number(number),
        text: line.trim().replaceAll(/\s+/g, ' '),
        ...(process === undefined ? {} : { process, pid: Number(pid) }),
        ...(container === undefined ? {} : { container }),
      },
    ]
  })
}

/** Can other machines come to it, as far as its address goes? */
export function isExposed({ address, text }: Socket): boolean {
  return !/^(127\.|::1$|::ffff:127\.)/.test(address) && !/%lo:/.test(text)
}

export function isWildcard({ address }: Socket): boolean {
  return address === '*' || address === '0.0.0.0' || address === '::'
}

/** Reads `grep -H docker /proc/PID/cgroup`: the container of each process. */
export function parseCgroups(text: string): ReadonlyMap<number, string> {
  return new Map(
    [...text.matchAll(/^\/proc\/(\d+)\/cgroup:.*docker[-/]([0-9a-f]{64})/gm)].map(([, pid, id = '']) => [
      Number(pid),
      id,
    ]),
  )
}
