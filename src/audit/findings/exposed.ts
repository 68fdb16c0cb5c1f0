import type { Family } from '../../firewall/rules.ts'
import type { LoadedRule } from '../../firewall/ruleset.ts'
import { type FindingId, finding } from '../catalogue.ts'
import { type Case, isUnnamed, type Place, reachOf } from '../effect.ts'
import type { Finding } from '../finding.ts'
import { isExposed } from '../parse-sockets.ts'
import { exposureId, portName } from './ports.ts'

/** What is open and not allowed. One finding for each port and family, about the widest source that gets in. */
export function exposed(place: Place, cases: readonly Case[]): readonly Finding[] {
  const open = cases.filter((c) => reachOf(c.verdict) === 'open')
  return ([4, 6] as const).flatMap((family) => {
    const mine = open.filter((c) => c.source.family === family)
    const everything = whoGetsEverything(mine)
    if (everything.has('any')) return [acceptsAll(place, family, mine)]
    const rest = mine.filter(
      (c) => !c.allowed && !everything.has(c.source.label) && !isForeignNat(c) && !isUnnamed(c),
    )
    return [
      ...[...everything].map((label) => allFrom(place, family, label, mine)),
      ...groups(rest, portName).map((group) => portIsOpen(place, family, group, cases)),
      ...sshToTheWorld(place, family, mine),
    ]
  })
}

/** Labels of sources to whom even a port that nobody names is open. */
function whoGetsEverything(open: readonly Case[]): ReadonlySet<string> {
  const through = (protocol: string) =>
    new Set(
      open.filter((c) => isUnnamed(c) && c.protocol === protocol && !c.allowed).map((c) => c.source.label),
    )
  const udp = through('udp')
  return new Set([...through('tcp')].filter((label) => udp.has(label)))
}

function acceptsAll(place: Place, family: Family, open: readonly Case[]): Finding {
  const shown = open.find((c) => isUnnamed(c) && c.source.label === 'any')
  return finding(family === 4 ? 'FW010' : 'FW060', {
    host: place.name,
    subject: `everything from any, v${family}`,
    evidence: evidenceOf(shown ? [shown] : []),
  })
}

function allFrom(place: Place, family: Family, label: string, open: readonly Case[]): Finding {
  return finding('FW028', {
    host: place.name,
    subject: `everything from ${label}, v${family}`,
    evidence: evidenceOf(open.filter((c) => isUnnamed(c) && c.source.label === label).slice(0, 1)),
  })
}

function portIsOpen(place: Place, family: Family, group: readonly Case[], all: readonly Case[]): Finding {
  const [first] = group
  if (!first) throw new Error('a group without a case')
  const widest = group.find((c) => c.source.label === 'any') ?? first
  const from = widest.source.label === 'any' ? 'any' : labels(group)
  return finding(idOf(place, widest, all), {
    host: place.name,
    subject: `${portName(first)} from ${from}, v${family}`,
    evidence: [...evidenceOf([widest]), ...listeners(place, widest)],
  })
}

function idOf(place: Place, open: Case, all: readonly Case[]): FindingId {
  if (open.verdict.way === 'forward') return 'FW070'
  const known = exposureId(open)
  if (known) return known
  if (open.source.label !== 'any') return 'FW028'
  if (isSsh(place, open)) return 'FW050'
  const inV4 = all.find(
    (c) =>
      c.source.family === 4 &&
      c.source.label === 'any' &&
      c.port === open.port &&
      c.protocol === open.protocol,
  )
  const isOnlyV6 = open.source.family === 6 && inV4 !== undefined && reachOf(inV4.verdict) === 'closed'
  return isOnlyV6 ? 'FW061' : 'FW029'
}

/** Also where the inventory says so: it may be meant, but it must be decided by a waiver, not by a habit. */
function sshToTheWorld(place: Place, family: Family, open: readonly Case[]): readonly Finding[] {
  return open
    .filter((c) => c.allowed && c.source.label === 'any' && isSsh(place, c))
    .map((c) =>
      finding('FW050', {
        host: place.name,
        subject: `${portName(c)} from any, v${family}`,
        evidence: [...evidenceOf([c]), `the inventory allows it: ${c.allowed?.reason}`],
      }),
    )
}

function isSsh({ wish }: Place, { protocol, port }: Case): boolean {
  return (
    protocol === 'tcp' &&
    wish.policy.flows.some((f) => f.by === 'firewall' && f.protocol === 'tcp' && f.ports?.includes(port ?? 0))
  )
}

/** Did NAT that Docker did not write bring it there? That is a finding of its own. */
export function isForeignNat({ verdict }: Case): boolean {
  return verdict.path.some(isForeignNatRule)
}

export function isForeignNatRule({ table, chain, target }: LoadedRule): boolean {
  const rewrites = target.kind === 'dnat' || target.kind === 'redirect'
  return table === 'nat' && rewrites && !chain.startsWith('DOCKER')
}

/** The rules that decided, or the sentence that says why there is none. */
export function evidenceOf(cases: readonly Case[]): readonly string[] {
  return [
    ...new Set(
      cases.flatMap(({ verdict, source }) => [
        ...verdict.path.map((rule) => rule.text),
        ...(verdict.because ? [verdict.because] : []),
        `computed for a new connection from ${source.address}`,
      ]),
    ),
  ]
}

function listeners({ seen }: Place, { protocol, port }: Case): readonly string[] {
  return seen.sockets
    .filter((s) => s.protocol === protocol && s.port === port && isExposed(s))
    .map((s) => `listens: ${s.text}`)
}

/** `h1, h2` */
export function labels(cases: readonly Case[]): string {
  return [...new Set(cases.map((c) => c.source.label))].sort().join(', ')
}

/** Items with one key stay together, in the order in which the keys first appear. */
export function groups<T>(items: readonly T[], key: (item: T) => string): readonly (readonly T[])[] {
  const found = new Map<string, T[]>()
  for (const item of items) {
    const name = key(item)
    const group = found.get(name)
    if (group) group.push(item)
    else found.set(name, [item])
  }
  return [...found.values()]
}
