import { InputError } from '../errors.ts'
import type { Interface, LoadedHost, Route } from '../firewall/packet.ts'
import { parseSave } from '../firewall/parse.ts'
import type { Family } from '../firewall/rules.ts'
import type { Ruleset } from '../firewall/ruleset.ts'
import { type IpSet, parseSets } from '../firewall/sets.ts'
import type { Output } from '../model/probe.ts'
import { parseTail } from '../shell/tail.ts'
import { type PublishedPort, parseContainers, parsePublished } from './parse-docker.ts'
import {
  type ForeignTable,
  parseAddresses,
  parseClock,
  parseRoutes,
  parseSettings,
  parseSshd,
  parseTables,
  parseUnits,
  type Unit,
} from './parse-host.ts'
import { parseCgroups, parseSockets, type Socket } from './parse-sockets.ts'
import { notInstalled, type Question, type RootQuestion, rootQuestions } from './questions.ts'

/** What a host showed of its packet filter and of what listens behind it. */
export interface Observation {
  /** Of the backend that iptables uses on this host. */
  readonly own: Readonly<Record<Family, Ruleset>>
  /** Of the other one: it should have no rules. */
  readonly other: Readonly<Record<Family, Ruleset>>
  readonly otherName: 'nf_tables' | 'legacy'
  readonly loaded: LoadedHost
  readonly sets: ReadonlyMap<string, IpSet>
  readonly foreign: readonly ForeignTable[]
  readonly sockets: readonly Socket[]
  /** Names of containers by id. */
  readonly containers: ReadonlyMap<string, string>
  readonly published: readonly PublishedPort[]
  readonly interfaces: readonly Interface[]
  readonly settings: ReadonlyMap<string, string>
  readonly units: ReadonlyMap<string, Unit>
  readonly isUfwOn: boolean
  readonly sshd: ReadonlyMap<string, readonly string[]>
  readonly files: ReadonlyMap<string, string>
  /** Undefined where it could not be read. */
  readonly clock: { readonly nowSeconds: number; readonly uptimeSeconds: number } | undefined
  /** What could not be read although it is there, and why: it is unknown, not well. */
  readonly unread: readonly { readonly what: Question; readonly why: string }[]
}

export type Answers = Readonly<Partial<Record<Question, Output>>>

/** Understands what a host answered. Throws InputError with the reason when too little of it can be read. */
export function understand(answers: Answers): Observation {
  const unread: { what: Question; why: string }[] = []
  const text = (question: Question): string | undefined => {
    const output = answers[question]
    const why = refusal(question, output)
    if (why === undefined) return output?.stdout ?? ''
    if (rootQuestions[question as RootQuestion]?.needed)
      throw new InputError({ what: `${nameOf(question)}: ${why}`, next: 'see docs/firewall-audit.md' })
    unread.push({ what: question, why })
    return undefined
  }
  /** Reads an answer; one that makes no sense is as good as none. */
  const read = <T>(question: Question, parse: (text: string) => T, otherwise: T): T => {
    const answer = text(question)
    if (answer === undefined) return otherwise
    try {
      return parse(answer)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      if (rootQuestions[question as RootQuestion]?.needed || question === 'addresses')
        throw new InputError({ what: `${nameOf(question)}: ${why}` })
      unread.push({ what: question, why: why.split('\n')[0] ?? '' })
      return otherwise
    }
  }
  const ruleset = (question: Question, family: Family) =>
    read(question, (save) => parseSave(save, family), parseSave('', family))
  const nft = { 4: ruleset('nft4', 4), 6: ruleset('nft6', 6) }
  const legacy = { 4: ruleset('legacy4', 4), 6: ruleset('legacy6', 6) }
  const isLegacy = /legacy/.test(text('backend') ?? '')
  const interfaces = read('addresses', parseAddresses, [])
  const routes = read<readonly Route[]>('routes', parseRoutes, [])
  const settings = read('settings', parseSettings, new Map())
  const sets = read<ReadonlyMap<string, IpSet>>('sets', parseSets, new Map())
  const foreign = read('tables', parseTables, [])
  const cgroups = read('cgroups', parseCgroups, new Map())
  const containers = text('containers')
  const services = text('services')
  return {
    own: isLegacy ? legacy : nft,
    other: isLegacy ? nft : legacy,
    otherName: isLegacy ? 'nf_tables' : 'legacy',
    loaded: {
      rulesets: [nft[4], legacy[4], nft[6], legacy[6]],
      sets,
      interfaces,
      routes,
      forwarding: {
        4: settings.get('net.ipv4.ip_forward') !== '0',
        6: settings.get('net.ipv6.conf.all.forwarding') !== '0',
      },
    },
    sets,
    foreign,
    sockets: read('sockets', (answer) => parseSockets(answer, cgroups), []),
    containers: parseContainers(containers ?? ''),
    published: parsePublished(containers ?? '', services ?? ''),
    interfaces,
    settings,
    units: read('units', parseUnits, new Map()),
    isUfwOn: /^ENABLED=yes/m.test(answers.ufw?.stdout ?? ''),
    sshd: read('sshd', parseSshd, new Map()),
    files: parseTail(text('files') ?? ''),
    clock: read('clock', parseClock, undefined),
    unread,
  }
}

/** Why an answer is none. What is not there (no Docker, no set) is an answer. */
function refusal(question: Question, output: Output | undefined): string | undefined {
  if (!output) return 'no answer'
  const said = output.stderr.trim().split('\n').at(-1) ?? ''
  if (/^sudo: /m.test(output.stderr))
    return `sudo refuses \`${rootQuestions[question as RootQuestion].command}\``
  if (output.stderr.includes(notInstalled))
    return question === 'tables' || question === 'sockets' || question === 'nft4' || question === 'nft6'
      ? 'its tool is not installed'
      : undefined
  if (/jq: (command )?not found/.test(output.stderr)) return 'jq is not installed'
  const mayFail: readonly Question[] = [
    'containers',
    'services',
    'files',
    'settings',
    'ufw',
    'cgroups',
    'backend',
  ]
  return output.code === 0 || mayFail.includes(question) ? undefined : said || `exit code ${output.code}`
}

/** A question as an operator knows it: its command. */
export function nameOf(question: Question): string {
  return rootQuestions[question as RootQuestion]?.command.replace(/^\/usr\/s?bin\//, '') ?? question
}
