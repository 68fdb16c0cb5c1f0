import type { LoadedHost, Packet, Verdict } from './packet.ts'

/**
 * What the loaded rules do with a packet that comes to the host from outside: raw, mangle and nat PREROUTING, the decision
 * where it goes, then mangle, filter and security of INPUT or FORWARD. Pure.
 */
export function evaluate(host: LoadedHost, packet: Packet): Verdict {
  throw new Error(`not yet: ${host.rulesets.length} ${packet.family}`)
}
