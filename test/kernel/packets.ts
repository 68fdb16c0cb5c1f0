import type { Packet } from '#src/firewall/packet.ts'
import type { Family } from '#src/firewall/rules.ts'
import { pools } from './pools.ts'
import type { Random } from './random.ts'
import type { Frame } from './wire.ts'

/** The same packet twice: as it is sent, and as the model sees it. */
export interface Pair {
  readonly frame: Frame
  readonly packet: Packet
}

/** TCP flags, and what conntrack makes of such a packet without a connection (nf_conntrack_proto_tcp.c, "loose"). */
const flagKinds = [
  { flags: ['SYN'], state: 'NEW' },
  { flags: ['SYN'], state: 'NEW' },
  { flags: ['SYN'], state: 'NEW' },
  { flags: ['SYN'], state: 'NEW' },
  { flags: ['ACK'], state: 'NEW' },
  { flags: ['FIN', 'ACK'], state: 'INVALID' },
  { flags: ['RST'], state: 'INVALID' },
  { flags: ['SYN', 'FIN'], state: 'INVALID' },
] as const
const bits = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32 }

/** Ports of clients whose flow to port 7777 has been answered. */
const flowPorts = [61001, 61002] as const

/** The packets that make the established flows. */
export function flowsOf(family: Family): readonly Pair[] {
  return flowPorts.map((_, n) => flow(family, n))
}

/** `ids` are handed out once in a run: a packet is never part of an older connection. */
export function packetsOf(
  random: Random,
  family: Family,
  count: number,
  nextId: () => number,
): readonly Pair[] {
  const pairs = Array.from({ length: count }, () => packetOf(random, family, nextId()))
  return [...pairs, flow(family, random.below(2))]
}

function packetOf(random: Random, family: Family, id: number): Pair {
  const pool = pools[family]
  const common = { family, source: random.pick(pool.sources), destination: random.pick(pool.destinations) }
  const model = { ...common, inInterface: 'h0', ttl: 64 }
  const protocol = random.pick([6, 6, 6, 17, 17, pool.icmp, 112])
  if (protocol === pool.icmp) {
    const type = family === 4 ? 8 : 128
    return {
      frame: { ...common, protocol, id, type, code: 0 },
      packet: { ...model, protocol, icmp: { type, code: 0 } },
    }
  }
  if (protocol === 112) {
    // It has no ports: a second packet between two addresses would be of the same connection.
    const source = `${random.pick(pool.prefixes)}${20 + (id % 230)}`
    return {
      frame: { ...common, source, protocol, id },
      packet: { ...model, source, protocol: 'vrrp' },
    }
  }
  const port = random.pick(pools.ports)
  const ports = { sourcePort: id, destinationPort: port }
  if (protocol === 17)
    return {
      frame: { ...common, protocol, id, sourcePort: id, port },
      packet: { ...model, ...ports, protocol },
    }
  const { flags, state } = random.pick(flagKinds)
  return {
    frame: {
      ...common,
      protocol,
      id,
      sourcePort: id,
      port,
      flags: flags.reduce((all, name) => all | bits[name], 0),
    },
    packet: { ...model, ...ports, protocol: 'tcp', flags, state },
  }
}

function flow(family: Family, n: number): Pair {
  const pool = pools[family]
  const common = { family, source: pool.sources[n] ?? '', destination: pool.destinations[0] }
  const id = flowPorts[n] ?? 0
  return {
    frame: { ...common, protocol: 17, id, sourcePort: id, port: 7777 },
    packet: {
      ...common,
      protocol: 'udp',
      sourcePort: id,
      destinationPort: 7777,
      inInterface: 'h0',
      ttl: 64,
      state: 'ESTABLISHED',
    },
  }
}
