import type { LoadedRule, Match, Target } from './ruleset.ts'

/**
 * What a rule says, as a text that is the same for all spellings: the kernel reorders conditions, adds `/32` and `-m tcp`,
 * and names protocols. Two rules with the same text do the same.
 */
export function meaningOf(rule: LoadedRule): string {
  return `${conditionsOf(rule)} => ${targetOf(rule.target)}${commentOf(rule).map((text) => ` # ${text}`)}`
}

/** All conditions, without comments. Of the matches that always hold, those that do something besides are kept. */
export function conditionsOf(rule: LoadedRule): string {
  return rule.matches.filter(isCondition).map(conditionOf).toSorted().join(' & ')
}

export const isCondition = (match: Match): boolean =>
  match.kind !== 'comment' && !(match.kind === 'always' && match.module === 'icmp')

/** A condition as text: equal for equal conditions. */
export function conditionOf(match: Match): string {
  if (match.kind === 'limit' || match.kind === 'always') return `${match.kind} ${optionsOf(match.words)}`
  return JSON.stringify(match, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString(16) : value,
  )
}

export const commentOf = (rule: LoadedRule): readonly string[] =>
  rule.matches.flatMap((match) => (match.kind === 'comment' ? [match.text] : []))

export function targetOf(target: Target): string {
  if (target.kind === 'reject') return `reject ${replies[target.reply ?? ''] ?? target.reply ?? ''}`
  if (target.kind === 'jump' || target.kind === 'goto') return `${target.kind} ${target.chain}`
  if (target.kind === 'mark' || target.kind === 'connmark')
    return `${target.kind} ${target.value}/${target.mask}`
  if (target.kind === 'dnat') {
    // An IPv6 address may stand in brackets or not.
    const at = target.words.indexOf('--to-destination')
    const rest = at < 0 ? target.words : target.words.toSpliced(at, 2)
    const { addresses, ports } = target
    return `dnat ${addresses ? `${addresses.from}-${addresses.to}` : ''}:${ports ? `${ports.from}-${ports.to}` : ''} ${optionsOf(rest)}`
  }
  return `${target.kind} ${optionsOf(target.words)}`
}

/** What REJECT says when it is not told what, and short names. */
const replies: Readonly<Record<string, string>> = {
  'icmp-port-unreachable': '',
  'icmp6-port-unreachable': '',
  'port-unreach': '',
  'tcp-rst': 'tcp-reset',
}

/** Options in any order, without those that only say what is so anyway. */
function optionsOf([name = '', ...words]: readonly string[]): string {
  const options: string[][] = []
  for (const word of words) {
    const last = options.at(-1)
    const isOption = word === '!' || word.startsWith('--')
    if (last && (!isOption || last.at(-1) === '!')) last.push(rateOf(word))
    else options.push([word])
  }
  const said = options.map((option) => option.join(' ')).filter((option) => !defaults.has(option))
  return [name, ...said.toSorted()].join(' ')
}

/** Defaults that iptables does not print, or prints though they were not given (libxt_limit.c, libxt_LOG.c). */
const defaults = new Set([
  '--limit-burst 5',
  '--hashlimit-burst 5',
  '--log-level 4',
  '--log-level warning',
  '--mask 255.255.255.255',
  '--mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  '--rsource',
  '--connlimit-mask 32',
  '--connlimit-mask 128',
  '--connlimit-saddr',
  '--nfmask 0xffffffff',
  '--ctmask 0xffffffff',
])

/** In seconds: the kernel prints `60/min` as `1/sec`. */
const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

function rateOf(word: string): string {
  const [, count, unit] = /^(\d+)\/([smhd])[a-z]*$/.exec(word) ?? []
  const period = seconds[unit ?? '']
  if (count === undefined || period === undefined) return word
  // XT_LIMIT_SCALE: the kernel keeps whole ten-thousandths of a second between two packets.
  return `every ${Math.floor((10_000 * period) / Number(count))}`
}
