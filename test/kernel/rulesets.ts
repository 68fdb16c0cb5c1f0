import type { Family } from '#src/firewall/rules.ts'
import { pools } from './pools.ts'
import type { Random } from './random.ts'

/** Where a rule will stand: what iptables allows depends on it. */
interface Place {
  readonly table: 'raw' | 'mangle' | 'nat' | 'filter' | 'security'
  /** The hooks that lead to the chain. */
  readonly hook: 'PREROUTING' | 'INPUT' | 'FORWARD' | 'POSTROUTING'
}

/** A ruleset from the supported grammar, as text for iptables-restore; with it, and now and then, what is not supported. */
export function rulesetOf(random: Random, family: Family): string {
  return [
    ...tableOf(random, family, 'raw', ['PREROUTING'], ['OUTPUT'], 0.25),
    ...tableOf(random, family, 'mangle', ['PREROUTING', 'INPUT', 'FORWARD', 'POSTROUTING'], ['OUTPUT'], 0.4),
    ...tableOf(random, family, 'nat', ['PREROUTING'], ['INPUT', 'OUTPUT', 'POSTROUTING'], 0.5),
    ...tableOf(random, family, 'filter', ['INPUT', 'FORWARD'], ['OUTPUT'], 1),
    ...tableOf(random, family, 'security', ['INPUT', 'FORWARD'], ['OUTPUT'], 0.15),
    '',
  ].join('\n')
}

function tableOf(
  random: Random,
  family: Family,
  table: Place['table'],
  hooks: readonly Place['hook'][],
  others: readonly string[],
  fullness: number,
): readonly string[] {
  const isUsed = random.chance(fullness)
  const isFilter = table === 'filter'
  const lines: string[] = []
  const declared: string[] = []
  for (const hook of hooks) {
    const policy = isFilter && random.chance(0.5) ? 'DROP' : 'ACCEPT'
    declared.push(`:${hook} ${policy} [0:0]`)
    if (!isUsed) continue
    const place = { table, hook }
    // A chain leads only to those after it: no loops.
    const names = Array.from({ length: random.below(isFilter ? 4 : 2) }, (_, n) => `${hook}-${n}`)
    for (const name of names) declared.push(`:${name} - [0:0]`)
    for (const [n, name] of [hook, ...names].entries()) {
      const count = isFilter ? 2 + random.below(n === 0 ? 10 : 5) : 1 + random.below(3)
      for (let i = 0; i < count; i += 1)
        lines.push(`-A ${name} ${ruleOf(random, family, place, names.slice(n))}`)
    }
  }
  return [`*${table}`, ...declared, ...others.map((name) => `:${name} ACCEPT [0:0]`), ...lines, 'COMMIT']
}

function ruleOf(random: Random, family: Family, place: Place, chains: readonly string[]): string {
  const pool = pools[family]
  const protocol =
    place.table === 'nat' ? random.pick([6, 17]) : random.pick([0, 0, 6, 6, 6, 17, 17, pool.icmp, 112])
  const parts = protocol === 0 ? [] : [`-p ${protocol}`]
  // Answers of the host itself have to come to the client: by them a reject is seen.
  if (place.hook === 'POSTROUTING') parts.push('-o h1')
  if (protocol === 6 || protocol === 17) parts.push(...portMatches(random, protocol))
  if (protocol === 6 && random.chance(0.15)) parts.push(flagMatch(random))
  if (protocol === pool.icmp && random.chance(0.7)) parts.push(icmpMatch(random, family))
  const more = random.below(protocol === 0 ? 3 : 2)
  for (let i = 0; i < more; i += 1) {
    const match = matchOf(random, family, place)
    // -s, -d, -i and -o may be given once.
    const flag = /^(?:! )?(-[sdio]) /.exec(match)?.[1]
    if (!flag || !parts.some((part) => part.includes(`${flag} `))) parts.push(match)
  }
  return [...parts, targetOf(random, family, place, chains, protocol)].join(' ')
}

const not = (random: Random, part = 0.2) => (random.chance(part) ? '! ' : '')

function portMatches(random: Random, protocol: number): readonly string[] {
  const module = protocol === 6 ? 'tcp' : 'udp'
  const port = () => random.pick(pools.ports)
  const range = () => {
    const [a, b] = [port(), port()]
    return a === b ? `${a}` : `${Math.min(a, b)}:${Math.max(a, b)}`
  }
  const list = () => Array.from({ length: 1 + random.below(4) }, range).join(',')
  return random.pick([
    () => [],
    () => [`-m ${module} ${not(random)}--dport ${range()}`],
    () => [`-m ${module} ${not(random)}--dport ${range()}`],
    () => [`${not(random)}--dport ${port()}`],
    () => [`-m multiport ${not(random)}--dports ${list()}`],
    () => [`-m multiport ${not(random)}--ports ${list()}`],
    () => [`-m ${module} ${not(random)}--sport 1024:${random.pick([30000, 65535])}`],
    () => [
      `-m multiport ${not(random, 0.5)}--sports ${random.pick(['1:1023', '30000:65535', '1:20000,40000:50000'])}`,
    ],
  ])()
}

function flagMatch(random: Random): string {
  const form = random.pick([
    '--syn',
    '--tcp-flags SYN,ACK SYN',
    '--tcp-flags ALL ACK',
    '--tcp-flags FIN,RST NONE',
  ])
  return `-m tcp ${not(random, 0.3)}${form}`
}

function icmpMatch(random: Random, family: Family): string {
  const type =
    family === 4 ? random.pick(['8', '8/0', '13', 'any']) : random.pick(['128', '128/0', '129', '135'])
  const [module, option] = family === 4 ? ['icmp', '--icmp-type'] : ['icmp6', '--icmpv6-type']
  return `-m ${module} ${type === 'any' ? '' : not(random)}${option} ${type}`
}

function matchOf(random: Random, family: Family, { table, hook }: Place): string {
  const pool = pools[family]
  // iptables-save leaves out `! -i +`, and masks with holes of addresses that conntrack is asked for.
  const network = () => random.pick(pool.networks)
  const range = () => random.pick(pool.ranges)
  const states = () =>
    random.some(['NEW', 'ESTABLISHED', 'RELATED', 'INVALID', 'UNTRACKED', 'DNAT'], 3).join(',')
  const hasConntrack = table !== 'raw'
  return random.pick([
    () => `${not(random)}-s ${network()}`.replace(/^! (.*\/0)$/, '$1'),
    () => `${not(random)}-s ${network()}`.replace(/^! (.*\/0)$/, '$1'),
    () => `${not(random)}-d ${random.pick(pool.targets)}`,
    () => `${not(random)}-d ${random.pick(pool.targets)}`,
    () =>
      hook === 'POSTROUTING'
        ? ''
        : `${not(random)}-i ${random.pick(['h0', 'h+', 'h1', 'lo', 'eth+', '+'])}`.replace('! -i +', '-i +'),
    () =>
      hook === 'FORWARD' || hook === 'POSTROUTING'
        ? `${not(random)}-o ${random.pick(['h0', 'h1', 'h+'])}`
        : '',
    () => `-m conntrack ${not(random)}--ctstate ${states()}`,
    () => `-m conntrack ${not(random)}--ctstate ${states()}`,
    () => `-m state ${not(random)}--state ${random.some(['NEW', 'ESTABLISHED', 'INVALID'], 2).join(',')}`,
    () => (hasConntrack ? `-m conntrack ${not(random)}--ctproto ${random.pick([6, 17])}` : ''),
    () => (hasConntrack ? `-m conntrack --ctorigdstport ${random.pick(pools.ports)} --ctdir ORIGINAL` : ''),
    () => (hasConntrack ? `-m conntrack ${not(random)}--ctorigdst ${random.pick(pool.prefixed)}` : ''),
    () =>
      hasConntrack
        ? `-m conntrack ${not(random)}--ctreplsrc ${random.pick(pool.prefixed)} --ctdir ${random.pick(['ORIGINAL', 'REPLY'])}`
        : '',
    () => `-m iprange ${not(random)}--src-range ${range()}`,
    () => `-m iprange ${not(random)}--dst-range ${random.pick(pool.targetRanges)}`,
    () => `-m set ${not(random)}--match-set ${random.pick(pool.sets)}`,
    () => `-m set ${not(random)}--match-set ${random.pick(pool.sets)}`,
    () => `-m set ${not(random)}--match-set ${random.pick(pool.sets)}`,
    () => `-m addrtype ${not(random)}--dst-type ${random.pick(pool.types)}`,
    () => `-m mark ${not(random)}--mark ${random.pick(['0x1', '0x1/0x1', '0x0', '0x4/0x6'])}`,
    () => (hasConntrack ? `-m connmark ${not(random)}--mark ${random.pick(['0x1', '0x0', '0x2/0x2'])}` : ''),
    () => `-m pkttype ${not(random)}--pkt-type ${random.pick(['unicast', 'broadcast', 'multicast'])}`,
    () => '-m limit --limit 5000/sec --limit-burst 10000',
    () =>
      `-m hashlimit --hashlimit-${random.pick(['upto', 'above'])} 9000/sec --hashlimit-burst 10000 --hashlimit-mode srcip --hashlimit-name h${random.below(1000)}`,
    () =>
      family === 4
        ? `-m ttl ${random.pick(['--ttl-eq 64', '! --ttl-eq 64', '--ttl-lt 10', '--ttl-gt 10'])}`
        : `-m hl ${random.pick(['--hl-eq 64', '! --hl-eq 64', '--hl-lt 10', '--hl-gt 10'])}`,
    () => `-m physdev ${random.pick(['--physdev-in h0', '! --physdev-is-bridged', '! --physdev-in h0'])}`,
    () =>
      hook === 'PREROUTING' && table !== 'nat'
        ? `-m rpfilter ${random.pick(['', '--loose', '--invert'])}`
        : '',
    () =>
      `-m comment --comment "${random.pick(['say \\"hi\\"', 'a b', "it's", 'back\\\\slash', '-j DROP', 'ä€'])}"`,
    () => `-m comment --comment ${random.pick(['plain', '-j', '--dport'])}`,
    () => `-m recent --name r${random.below(1000)} --set`,
    () => `-m recent --name q${random.below(1000)} --update --seconds 30 --hitcount 6`,
    // Not modelled: what comes of them has to be unknown, or not to matter.
    () =>
      random.pick([
        '-m length --length 0:9999',
        '-m length --length 9000:9999',
        '-m statistic --mode nth --every 2 --packet 0',
      ]),
  ])()
}

function targetOf(
  random: Random,
  family: Family,
  place: Place,
  chains: readonly string[],
  protocol: number,
): string {
  const { table, hook } = place
  if (chains.length > 0 && random.chance(0.3))
    return `${random.chance(0.25) ? '-g' : '-j'} ${random.pick(chains)}`
  const common = ['-j RETURN', '-j LOG --log-prefix "a b: "', '']
  const marks = [
    '--set-xmark 0x1/0xffffffff',
    '--set-xmark 0x4/0x6',
    '--or-mark 0x2',
    '--and-mark 0x4',
    '--xor-mark 0x5',
  ]
  if (table === 'raw')
    return random.pick([
      ...common,
      '-j ACCEPT',
      '-j DROP',
      '-j CT --notrack',
      `-j MARK ${random.pick(marks)}`,
    ])
  if (table === 'mangle')
    return random.pick([
      ...common,
      '-j ACCEPT',
      '-j DROP',
      ...marks.map((mark) => `-j MARK ${mark}`),
      '-j CONNMARK --set-xmark 0x3/0xffffffff',
      '-j CONNMARK --save-mark',
      '-j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff',
    ])
  if (table === 'nat' && hook === 'PREROUTING')
    return random.pick([
      '-j RETURN',
      '-j ACCEPT',
      '-j REDIRECT',
      `-j REDIRECT --to-ports ${random.pick(pools.ports)}`,
      `-j REDIRECT --to-ports ${random.pick(['80-90', '5432-5433'])}`,
      ...pools[family].dnat.map((to) => `-j DNAT --to-destination ${to}`),
    ])
  const reject =
    family === 4
      ? ['-j REJECT', '-j REJECT --reject-with icmp-host-prohibited']
      : ['-j REJECT', '-j REJECT --reject-with icmp6-adm-prohibited']
  if (table === 'filter')
    return random.pick([
      ...common,
      '-j ACCEPT',
      '-j ACCEPT',
      '-j ACCEPT',
      '-j DROP',
      '-j DROP',
      '-j CONNMARK --set-xmark 0x1/0x1',
      ...(protocol === 6 ? ['-j REJECT --reject-with tcp-reset'] : reject),
      `-j SET --add-set ${pools[family].changing} src`,
    ])
  return random.pick([...common, '-j ACCEPT', '-j DROP'])
}
