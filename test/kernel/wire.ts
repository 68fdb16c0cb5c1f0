import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Interface, Route } from '#src/firewall/packet.ts'

/** A packet as wire.py writes it. `id` is unique in its order. */
export interface Frame {
  readonly family: 4 | 6
  readonly protocol: number
  readonly source: string
  readonly destination: string
  readonly id: number
  readonly sourcePort?: number
  readonly port?: number
  readonly flags?: number
  readonly type?: number
  readonly code?: number
}

export interface Seen {
  readonly at: 'host' | 'inner' | 'rejected'
  readonly destination?: string
  readonly port?: number | null
}

export interface Order {
  /** Commands with their input; the first that fails ends the order. */
  readonly loads?: readonly (readonly [readonly string[], string])[]
  readonly saves?: readonly (readonly string[])[]
  readonly packets: readonly Frame[]
  /** Let the services on the host answer what they got. */
  readonly answer?: boolean
}

export interface Answer {
  readonly error: string | null
  readonly saved: readonly string[]
  readonly observed: Readonly<Record<string, Seen | true>>
}

export interface Facts {
  readonly interfaces: readonly Interface[]
  readonly routes: readonly Route[]
}

/** What the host is: two addresses and a network towards the clients, one towards a network behind it. */
const setup = [
  'link set lo up',
  'link set h0 up',
  'link set h1 up',
  'address add 10.66.0.1/24 dev h0',
  'address add 10.66.0.10/24 dev h0',
  'address add 10.77.0.1/24 dev h1',
  'address add fd66::1/64 dev h0 nodad',
  'address add fd66::10/64 dev h0 nodad',
  'address add fd77::1/64 dev h1 nodad',
  ...['10.66.0.2', '10.66.0.3', '10.66.0.200', 'fd66::2', 'fd66::3', 'fd66::200'].map(
    (address) => `neigh add ${address} lladdr 02:00:00:00:00:01 dev h0 nud permanent`,
  ),
  ...['10.77.0.2', '10.77.0.3', 'fd77::2', 'fd77::3'].map(
    (address) => `neigh add ${address} lladdr 02:00:00:00:00:04 dev h1 nud permanent`,
  ),
  'route add default via 10.66.0.2 dev h0',
  '-6 route add default via fd66::2 dev h0',
]

/** Somebody listens on 80 and on the port of the established flows; nobody on the others. */
const listeners = ['10.66.0.1', 'fd66::1'].flatMap((address) => [
  ['tcp', address, 80],
  ['udp', address, 80],
  ['udp', address, 7777],
])

/** What is missing for real packets; undefined when nothing is. */
export function obstacle(): string | undefined {
  if (process.platform !== 'linux') return 'it needs Linux'
  if (process.getuid?.() !== 0) return 'it needs root'
  const missing = ['python3', 'ip', 'nft', 'iptables-restore', 'ip6tables-restore', 'ipset'].filter(
    (tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0,
  )
  return missing.length > 0 ? `it needs ${missing.join(', ')}` : undefined
}

/** The three namespaces of wire.py. They end with its process, which ends with its input: also when we are killed. */
export class Wire {
  readonly facts: Facts
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #stderr: string[]

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, stderr: string[], facts: Facts) {
    this.#child = child
    this.#lines = lines
    this.#stderr = stderr
    this.facts = facts
  }

  static async open(): Promise<Wire> {
    const child = spawn('python3', [join(import.meta.dirname, 'wire.py')], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const stderr: string[] = []
    child.stderr.on('data', (data: Buffer) => stderr.push(data.toString()))
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    child.stdin.write(`${JSON.stringify({ setup, listeners })}\n`)
    const facts = factsOf(JSON.parse(await nextLine(lines, stderr)) as Printed)
    return new Wire(child, lines, stderr, facts)
  }

  async send(order: Order): Promise<Answer> {
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`)
    return JSON.parse(await nextLine(this.#lines, this.#stderr)) as Answer
  }

  async close(): Promise<void> {
    this.#child.stdin?.end()
    if (this.#child.exitCode === null) await once(this.#child, 'exit')
  }
}

async function nextLine(lines: AsyncIterator<string>, stderr: readonly string[]): Promise<string> {
  const { value, done } = await lines.next()
  if (done) throw new Error(`the namespaces are gone: ${stderr.join('')}`)
  return value
}

/** What `ip -j` prints, as far as it is used. */
interface Printed {
  readonly addresses: readonly {
    readonly ifname: string
    readonly addr_info: readonly { readonly local: string; readonly prefixlen: number }[]
  }[]
  readonly routes: readonly { readonly dst: string; readonly dev?: string; readonly gateway?: string }[]
}

function factsOf({ addresses, routes }: Printed): Facts {
  return {
    interfaces: addresses.map(({ ifname, addr_info }) => ({
      name: ifname,
      addresses: addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`),
      bridge: false,
    })),
    routes: routes.flatMap(({ dst, dev, gateway }) => {
      if (dev === undefined) return []
      return [
        {
          network: dst === 'default' ? (gateway?.includes(':') ? '::/0' : '0.0.0.0/0') : dst,
          interface: dev,
        },
      ]
    }),
  }
}
