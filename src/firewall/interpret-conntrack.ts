import { parseNetwork } from './address.ts'
import type { Option } from './interpret.ts'
import { parsePorts } from './numbers.ts'
import { protocolNumber } from './protocols.ts'
import type { Family } from './rules.ts'
import type { Match } from './ruleset.ts'

const states = ['DNAT', 'ESTABLISHED', 'INVALID', 'NEW', 'RELATED', 'SNAT', 'UNTRACKED']

/** The modules conntrack and state. `ctstatus` and `ctexpire` speak of a connection that is there already: not modelled. */
export function interpretConntrack({ name, args, not }: Option, family: Family): Match | undefined {
  const [text = ''] = args
  if (name === 'ctstate' || name === 'state') {
    const found = text.split(',').toSorted()
    return found.every((state) => states.includes(state)) ? { kind: 'state', states: found, not } : undefined
  }
  if (name === 'ctproto') {
    const protocol = protocolNumber(text)
    return protocol === undefined ? undefined : { kind: 'ct-protocol', protocol, not }
  }
  if (name === 'ctdir')
    return !not && (text === 'ORIGINAL' || text === 'REPLY')
      ? { kind: 'ct-direction', direction: text }
      : undefined
  const [, of, side, isPort] = /^ct(orig|repl)(src|dst)(port)?$/.exec(name) ?? []
  if (of === undefined) return undefined
  const about = {
    of: of === 'orig' ? 'orig' : 'reply',
    side: side === 'src' ? 'source' : 'destination',
  } as const
  if (isPort) {
    const ranges = parsePorts(text)
    return ranges && { kind: 'ct-ports', ...about, ranges, not }
  }
  const network = parseNetwork(text, family)
  return network && { kind: 'ct-address', ...about, network, not }
}
