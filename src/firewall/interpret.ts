import { parseRange } from './address.ts'
import { interpretConntrack } from './interpret-conntrack.ts'
import { interpretLimit } from './interpret-limit.ts'
import { parseMark, parsePorts } from './numbers.ts'
import type { Family } from './rules.ts'
import type { Match, Side } from './ruleset.ts'

/** An option of a match module, as it stands in a rule. */
export interface Option {
  readonly name: string
  readonly args: readonly string[]
  readonly not: boolean
}

/** Undefined: not understood. */
type Read = (option: Option, family: Family) => Match | undefined

/** What the options of a module ask for. One that is not understood makes the whole module unknown. */
export function interpret(module: string, options: readonly Option[], family: Family): readonly Match[] {
  const whole = modulesAsAWhole[module]
  const read = modulesByOption[module]
  const matches = whole
    ? whole(options, wordsOf(module, options), family)
    : options.map((option) => read?.(option, family))
  if (matches?.every((match) => match !== undefined) && (whole ?? read)) return matches
  return [{ kind: 'unknown', words: wordsOf(module, options) }]
}

/** As they stood on the line. */
function wordsOf(module: string, options: readonly Option[]): readonly string[] {
  return [module, ...options.flatMap(({ name, args, not }) => [...(not ? ['!'] : []), `--${name}`, ...args])]
}

const ports: Read = ({ name, args, not }) => {
  const ranges = parsePorts(args[0] ?? '')
  const side = name.startsWith('s') ? 'source' : name.startsWith('d') ? 'destination' : 'either'
  return ranges && { kind: 'ports', side, ranges, not }
}

const flagBits = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG']
const flagsOf = (text: string): number | undefined => {
  if (text === 'NONE') return 0
  if (text === 'ALL') return 63
  const found = text.split(',').map((name) => flagBits.indexOf(name))
  return found.includes(-1) ? undefined : found.reduce((all, bit) => all | (1 << bit), 0)
}

/** The bits of TCP flags by name, as in the header. */
export const tcpFlags = (names: readonly string[]): number => flagsOf(names.join(',') || 'NONE') ?? 0

const tcp: Read = (option, family) => {
  const { name, args, not } = option
  if (name === 'tcp-option') return undefined
  if (name !== 'tcp-flags' && name !== 'syn') return ports(option, family)
  const [mask, set] = name === 'syn' ? [23, 2] : args.map(flagsOf)
  return mask === undefined || set === undefined ? undefined : { kind: 'tcp-flags', mask, set, not }
}

const icmp: Read = ({ args: [text = ''], not }) => {
  if (text === 'any' && !not) return { kind: 'always', module: 'icmp', words: [] }
  const [, type, code] = /^(\d{1,3})(?:\/(\d{1,3}))?$/.exec(text) ?? []
  if (type === undefined) return undefined
  return { kind: 'icmp', type: Number(type), ...(code === undefined ? {} : { code: Number(code) }), not }
}

const range: Read = ({ name, args, not }, family) => {
  const found = parseRange(args[0] ?? '', family)
  return found && { kind: 'range', side: name === 'src-range' ? 'source' : 'destination', range: found, not }
}

const marks =
  (kind: 'mark' | 'connmark'): Read =>
  ({ args, not }) => {
    const mark = parseMark(args[0] ?? '')
    return mark && { kind, ...mark, not }
  }

const ttl: Read = ({ name, args, not }) => {
  const compare = name.slice(-2)
  if (compare !== 'eq' && compare !== 'lt' && compare !== 'gt') return undefined
  return { kind: 'ttl', compare, value: Number(args[0]), not }
}

const modulesByOption: Readonly<Record<string, Read>> = {
  tcp,
  udp: ports,
  udplite: ports,
  sctp: (option, family) => (option.name === 'chunk-types' ? undefined : ports(option, family)),
  dccp: (option, family) => (option.name.startsWith('dccp-') ? undefined : ports(option, family)),
  multiport: ports,
  icmp,
  icmp6: icmp,
  conntrack: interpretConntrack,
  state: interpretConntrack,
  iprange: range,
  mark: marks('mark'),
  connmark: marks('connmark'),
  pkttype: ({ args, not }) => ({ kind: 'packet-type', type: args[0] ?? '', not }),
  ttl,
  hl: ttl,
  comment: ({ args }) => ({ kind: 'comment', text: args[0] ?? '' }),
}

type ReadAll = (
  options: readonly Option[],
  words: readonly string[],
  family: Family,
) => readonly Match[] | undefined

const headers: ReadAll = (_, words) => [{ kind: 'extension-header', module: words[0] ?? '', words }]

const set: ReadAll = (options) => {
  const [option] = options
  if (options.length !== 1 || option?.name !== 'match-set') return undefined
  const sides = (option.args[1] ?? '').split(',').map((side): Side | undefined => sideNames[side])
  if (!sides.every((side) => side !== undefined)) return undefined
  return [{ kind: 'set', name: option.args[0] ?? '', sides, not: option.not }]
}
const sideNames: Readonly<Record<string, Side>> = { src: 'source', dst: 'destination' }

const addressType: ReadAll = (options) => {
  const limits = options.filter(({ name }) => name.startsWith('limit-iface-'))
  const limit = limits[0]?.name.endsWith('-in') ? 'in' : 'out'
  return options
    .filter((option) => !limits.includes(option))
    .map(({ name, args, not }) => ({
      kind: 'address-type',
      side: name === 'src-type' ? 'source' : 'destination',
      types: (args[0] ?? '').split(',').toSorted(),
      not,
      ...(limits.length > 0 ? { limitInterface: limit } : {}),
    }))
}

/** xt_physdev.c: without a bridge it holds when every option that is given is negated. */
const physdev: ReadAll = (options, words) => [
  { kind: 'physdev', plain: options.every(({ not }) => not), words },
]

const modulesAsAWhole: Readonly<Record<string, ReadAll>> = {
  set,
  addrtype: addressType,
  physdev,
  rpfilter: (options, words) => [
    { kind: 'rpfilter', words, not: options.some(({ name }) => name === 'invert') },
  ],
  nfacct: (_, words) => [{ kind: 'always', module: 'nfacct', words }],
  rt: headers,
  frag: headers,
  hbh: headers,
  dst: headers,
  limit: interpretLimit,
  hashlimit: interpretLimit,
  connlimit: interpretLimit,
  recent: interpretLimit,
  quota: interpretLimit,
}
