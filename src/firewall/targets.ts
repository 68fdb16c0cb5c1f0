import { allOnes, parseNetwork, parseRange, type Range } from './address.ts'
import { parseMark, parsePortRange } from './numbers.ts'
import type { Family } from './rules.ts'
import type { PortRange, Target } from './ruleset.ts'
import type { Word } from './words.ts'

/** The packet goes on, and nothing changes that we evaluate (man iptables-extensions). */
const passing = new Set(
  'LOG NFLOG ULOG AUDIT TRACE TCPMSS TCPOPTSTRIP CLASSIFY CHECKSUM DSCP TOS ECN SECMARK CONNSECMARK RATEEST IDLETIMER LED TEE'.split(
    ' ',
  ),
)

/** `rest` begins with -j or -g, or is empty. What is not understood is an unknown target. */
export function parseTarget(
  rest: readonly Word[],
  family: Family,
  isChain: (name: string) => boolean,
): Target {
  const words = rest.slice(1).map(({ text }) => text)
  const [name, ...args] = words
  if (rest.length === 0) return { kind: 'none', words: [] }
  if (name === undefined) return { kind: 'unknown', words }
  const isGoto = rest[0]?.text === '-g' || rest[0]?.text === '--goto'
  if (isChain(name)) {
    // iptables forbids a chain that is called like an extension; who made it with nft leaves us guessing.
    if (args.length > 0 || Object.hasOwn(readers, name) || passing.has(name))
      return { kind: 'unknown', words }
    return { kind: isGoto ? 'goto' : 'jump', chain: name, words }
  }
  if (isGoto) return { kind: 'unknown', words }
  if (passing.has(name)) return { kind: 'pass', words }
  return Object.hasOwn(readers, name)
    ? (readers[name]?.(args, words, family) ?? { kind: 'unknown', words })
    : { kind: 'unknown', words }
}

type Read = (args: readonly string[], words: readonly string[], family: Family) => Target | undefined

const plain =
  (kind: 'accept' | 'drop' | 'return'): Read =>
  (args, words) =>
    args.length === 0 ? { kind, words } : undefined

const reject: Read = (args, words) => {
  const reply = option(args, '--reject-with')
  return args.length === 0 || reply !== undefined
    ? { kind: 'reject', words, ...(reply ? { reply } : {}) }
    : undefined
}

/** iptables' other spellings are computed into the one that the kernel keeps: new = (old and not mask) xor value. */
const mark =
  (kind: 'mark' | 'connmark'): Read =>
  (args, words) => {
    if (kind === 'connmark' && (args[0] === '--save-mark' || args[0] === '--restore-mark')) {
      const both = option(args, '--mask') ?? '0xffffffff'
      const nfmask = parseMark(option(args, '--nfmask') ?? both)?.value
      const ctmask = parseMark(option(args, '--ctmask') ?? both)?.value
      if (nfmask === undefined || ctmask === undefined) return undefined
      return { kind: args[0] === '--save-mark' ? 'save-mark' : 'restore-mark', nfmask, ctmask, words }
    }
    const given = parseMark(args[1] ?? '')
    if (!given || args.length !== 2) return undefined
    const { value, mask } = given
    if (args[0] === '--set-xmark') return { kind, value, mask, words }
    if (args[0] === '--set-mark') return { kind, value, mask: (mask | value) >>> 0, words }
    if (args[0] === '--or-mark') return { kind, value, mask: value, words }
    if (args[0] === '--and-mark') return { kind, value: 0, mask: ~value >>> 0, words }
    if (args[0] === '--xor-mark') return { kind, value, mask: 0, words }
    return undefined
  }

const dnat: Read = (args, words, family) => {
  const text = option(args, '--to-destination') ?? ''
  const [, bracketed, open, port] = /^(?:\[([^\]]*)\]|([^\]]*?))(?::([\d-]+)(?:\/\d+)?)?$/.exec(
    family === 6 && !/^(\[|:\d+(-\d+)?$)/.test(text) ? `[${text}]` : text,
  ) ?? ['']
  const address = bracketed ?? open
  const addresses = address ? parseRange(address, family) : undefined
  const ports = port ? parsePortRange(port, '-') : undefined
  // Somewhere: any address and any port.
  if ((address && !addresses) || (port && !ports) || (!address && !port))
    return {
      kind: 'dnat',
      addresses: { from: 0n, to: allOnes(family) },
      ports: { from: 0, to: 65535 },
      words,
    }
  return { kind: 'dnat', ...given(addresses, ports), words }
}

const netmap: Read = (args, words, family) => {
  const network = parseNetwork(option(args, '--to') ?? '', family)
  if (!network) return undefined
  const addresses = { from: network.base, to: network.base | (allOnes(family) ^ network.mask) }
  return { kind: 'dnat', addresses, words }
}

const redirect: Read = (args, words) => {
  const text = option(args, '--to-ports')
  const ports = text === undefined ? undefined : (parsePortRange(text, '-') ?? { from: 0, to: 65535 })
  return { kind: 'redirect', ...given(undefined, ports), words }
}

const set: Read = (args, words) => {
  const name = option(args, '--add-set') ?? option(args, '--del-set')
  return name === undefined ? undefined : { kind: 'set', name, words }
}

const readers: Readonly<Record<string, Read>> = {
  ACCEPT: plain('accept'),
  DROP: plain('drop'),
  RETURN: plain('return'),
  REJECT: reject,
  MARK: mark('mark'),
  CONNMARK: mark('connmark'),
  DNAT: dnat,
  NETMAP: netmap,
  REDIRECT: redirect,
  SNAT: (_, words) => ({ kind: 'snat', words }),
  MASQUERADE: (_, words) => ({ kind: 'snat', words }),
  NOTRACK: (_, words) => ({ kind: 'notrack', words }),
  CT: (args, words) => ({ kind: args.includes('--notrack') ? 'notrack' : 'pass', words }),
  SET: set,
}

function option(args: readonly string[], name: string): string | undefined {
  const at = args.indexOf(name)
  return at < 0 ? undefined : args[at + 1]
}

function given(addresses: Range | undefined, ports: PortRange | undefined) {
  return { ...(addresses ? { addresses } : {}), ...(ports ? { ports } : {}) }
}
