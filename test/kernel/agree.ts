import type { Packet, Result, Verdict } from '#src/firewall/packet.ts'
import { protocolNumber } from '#src/firewall/protocols.ts'
import type { Pair } from './packets.ts'
import type { Answer, Seen } from './wire.ts'

/** What the kernel did with the packet. */
export function outcome(
  { frame }: Pair,
  { observed }: Answer,
): { readonly result: Result; readonly seen?: Seen } {
  const seen = observed[`${frame.family} ${frame.protocol} ${frame.id}`]
  if (typeof seen === 'object' && seen.at !== 'rejected') return { result: 'accept', seen }
  const isReset = frame.protocol === 6 && observed[`reset ${frame.family} ${frame.sourcePort}`] === true
  return { result: seen !== undefined || isReset ? 'reject' : 'drop' }
}

/** Why model and kernel disagree; undefined when they do not. */
export function disagreement(pair: Pair, verdict: Verdict, answer: Answer): string | undefined {
  const { result, seen } = outcome(pair, answer)
  if (!verdict.possible.some((possible) => isSame(possible, result, pair.packet)))
    return `the kernel: ${result}; the model: ${verdict.result} (${verdict.possible.join(' or ')})`
  if (verdict.result !== 'accept' || !seen) return undefined
  const at = seen.at === 'host' ? 'input' : 'forward'
  if (verdict.way !== 'unknown' && verdict.way !== at) return `the kernel: ${at}; the model: ${verdict.way}`
  const { destination, port } = verdict.rewritten ?? {
    destination: pair.packet.destination,
    port: pair.packet.destinationPort,
  }
  if (destination !== undefined && destination !== seen.destination)
    return `the kernel sent it to ${seen.destination}, the model to ${destination}`
  if (port !== undefined && typeof seen.port === 'number' && port !== seen.port)
    return `the kernel sent it to port ${seen.port}, the model to ${port}`
  return undefined
}

/** A reset is not answered with a reset, nor anything that was sent to many: a reject of those looks like a drop. */
function isSame(possible: Result, result: Result, packet: Packet): boolean {
  if (possible === result) return true
  const isMute =
    packet.flags?.includes('RST') ||
    /^(224\.|ff)|\.255$/.test(packet.destination) ||
    // Its checksum is not what the kernel asks for before it answers (nf_reject_ipv6.c); ours has none.
    packet.protocol === 'vrrp' ||
    (protocolNumber(packet.protocol) === 6 && packet.state === 'INVALID')
  return Boolean(isMute) && possible === 'reject' && result === 'drop'
}
