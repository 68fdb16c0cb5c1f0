import { compare, type Difference } from '../../firewall/compare.ts'
import { parseSave } from '../../firewall/parse.ts'
import { forwardChain, inChain, labelOf } from '../../firewall/render.ts'
import type { LoadedRule, Ruleset } from '../../firewall/ruleset.ts'
import { type Shadow, shadows } from '../../firewall/shadow.ts'
import { type FindingId, finding } from '../catalogue.ts'
import type { Place } from '../effect.ts'
import type { Finding } from '../finding.ts'

/** More findings of one kind in one family are told as one: nobody reads forty. */
const many = 8

/** The loaded rules beside those that should be. `evidence` says when and by whom they were confirmed last. */
export function drift(place: Place, evidence: readonly string[]): readonly Finding[] {
  return ([4, 6] as const).flatMap((family) => {
    const own = place.seen.own[family]
    const chains = own.tables.get('filter')?.chains
    const differences = compare(own, parseSave(place.wish.texts[family], family))
    const isGone = !chains?.has(inChain)
    const shadowed = shadows(oursOf(own)).found
    const useless = shadowed.filter((s) => !isShadowedByStranger(s, differences))
    const seen: Seen[] = [
      ...differences.flatMap((d) => {
        // What can never be reached does no harm as a stranger: it is told as what it is.
        if (d.loaded && d.kind === 'extra' && useless.some((s) => s.rule.line === d.loaded?.line)) return []
        if (isGone && d.chain === inChain) return []
        const id = idOf(d, place)
        return id === undefined ? [] : [{ id, subject: subjectOf(d), evidence: textOf(d) }]
      }),
      ...useless.map(
        ({ kind, rule, by }): Seen => ({
          id: kind === 'duplicate' ? 'FW017' : 'FW016',
          subject: rule.text,
          evidence: [rule.text, `decided before by ${by.chain} ${by.position}: ${by.text}`],
        }),
      ),
      ...policies(own),
    ]
    return merged(seen).map(({ id, subject, evidence: own }) =>
      finding(id, { host: place.name, subject: `${subject}, v${family}`, evidence: [...own, ...evidence] }),
    )
  })
}

interface Seen {
  readonly id: FindingId
  readonly subject: string
  readonly evidence: readonly string[]
}

function merged(seen: readonly Seen[]): readonly Seen[] {
  const unique = [...new Map(seen.map((s) => [`${s.id} ${s.subject}`, s])).values()]
  const ids = [...new Set(unique.map((s) => s.id))]
  return ids.flatMap((id) => {
    const same = unique.filter((s) => s.id === id)
    if (same.length <= many) return same
    const evidence = same.flatMap((s) => s.evidence).slice(0, many)
    return [
      { id, subject: `${same.length} rules`, evidence: [...evidence, `and ${same.length - many} more`] },
    ]
  })
}

/** Undefined where the effect says it better (FW018, FW019: computed, not read). */
function idOf({ kind, chain, wanted, loaded }: Difference, place: Place): FindingId | undefined {
  if (kind === 'duplicated') return 'FW017'
  if (chain === 'INPUT') return 'FW011'
  if (chain === 'DOCKER-USER') return 'FW071'
  if (kind === 'reordered') return 'FW014'
  if (kind === 'extra') return loaded && isStale(loaded, place) ? 'FW080' : 'FW013'
  if (wanted && isRateLimited(wanted) && (!loaded || !isRateLimited(loaded))) return 'FW052'
  if (wanted?.target.words[0] === 'LOG') return 'FW085'
  if (wanted?.matches.some((m) => m.kind === 'icmp') && !wanted.matches.some((m) => m.kind === 'comment'))
    return 'FW043'
  if (wanted && chain === inChain && wanted.target.kind === 'accept') {
    if (wanted.matches.some((m) => m.kind === 'state' && m.states.includes('ESTABLISHED'))) return undefined
    if (wanted.matches.some((m) => m.kind === 'interface' && m.name === 'lo')) return undefined
  }
  return kind === 'missing' ? 'FW012' : 'FW015'
}

function subjectOf({ wanted, loaded, chain }: Difference): string {
  return (wanted ?? loaded)?.text ?? chain
}

function textOf({ kind, wanted, loaded, why }: Difference): readonly string[] {
  return [
    ...(loaded ? [`loaded: ${loaded.text}`] : []),
    ...(wanted && kind !== 'extra' && kind !== 'duplicated' ? [`should be: ${wanted.text}`] : []),
    ...(why ? [why] : []),
  ]
}

/** A line of ours for an address that none of ours has any more. */
function isStale(rule: LoadedRule, { wish }: Place): boolean {
  const comment = rule.matches.find((m) => m.kind === 'comment')
  const isOneHost = /-s (\d+\.\d+\.\d+\.\d+\/32|[0-9a-f:]+\/128) /.test(rule.text)
  return (
    isOneHost && comment !== undefined && wish.policy.flows.some((flow) => labelOf(flow) === comment.text)
  )
}

function isRateLimited({ matches, target }: LoadedRule): boolean {
  return target.kind === 'accept' && matches.some((m) => m.kind === 'limit')
}

/**
 * The rule that takes all is itself a stranger: what it does is computed, and its victims are not to blame. The same holds
 * for a rule of ours that was moved.
 */
function isShadowedByStranger({ rule, by }: Shadow, differences: readonly Difference[]): boolean {
  if (differences.some((d) => d.kind === 'reordered' && d.loaded?.line === rule.line)) return true
  const isStranger = (r: LoadedRule) =>
    !isOurs(r) ||
    differences.some((d) => d.loaded?.line === r.line && (d.kind === 'extra' || d.kind === 'changed'))
  return isStranger(by) && !isStranger(rule)
}

/** Our own chains: those of others are not ours to tidy, and may have thousands of rules. */
function oursOf(ruleset: Ruleset): Ruleset {
  const filter = ruleset.tables.get('filter')
  if (!filter) return ruleset
  const chains = new Map([...filter.chains].filter(([name]) => name === inChain || name === forwardChain))
  return { ...ruleset, tables: new Map([['filter', { ...filter, chains }]]) }
}

function isOurs({ chain }: LoadedRule): boolean {
  return chain === inChain || chain === forwardChain
}

/** What no rule names stays out also where our jump is taken away. FORWARD is told by FW072 where the host forwards. */
function policies(own: Ruleset): readonly Seen[] {
  const policy = own.tables.get('filter')?.chains.get('INPUT')?.policy ?? 'ACCEPT'
  if (policy === 'DROP') return []
  return [
    { id: 'FW015', subject: ':INPUT DROP', evidence: [`loaded: :INPUT ${policy}`, 'should be: :INPUT DROP'] },
  ]
}

export function chainOf(ruleset: Ruleset, chain: string, table = 'filter'): readonly LoadedRule[] {
  return ruleset.tables.get(table)?.chains.get(chain)?.rules ?? []
}
