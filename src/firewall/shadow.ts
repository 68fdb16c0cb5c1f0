import { type Condition, implies } from './implies.ts'
import { conditionOf, conditionsOf, isCondition, targetOf } from './meaning.ts'
import { type Chain, type LoadedRule, type Match, type Ruleset, rulesOfTable, type Table } from './ruleset.ts'

export interface Shadow {
  /** `duplicate`: the same conditions and the same target as an earlier rule. `shadowed`: an earlier rule takes all. */
  readonly kind: 'shadowed' | 'duplicate'
  readonly rule: LoadedRule
  /** The earlier rule of the same chain. */
  readonly by: LoadedRule
}

export interface Shadows {
  readonly found: readonly Shadow[]
  /** False when the search ended at its bound: there may be more. */
  readonly complete: boolean
}

/** Pairs of rules that are compared at most: about half a second. 20,000 rules of the usual kinds need far fewer. */
const mostPairs = 1_500_000

/**
 * Rules that can never match because one earlier rule of the same chain takes all that they could. Conservative: two rules
 * that together take all are not seen, and what is not certain is not said. In all tables.
 */
export function shadows(ruleset: Ruleset): Shadows {
  const budget = { left: mostPairs }
  const found = [...ruleset.tables.values()].flatMap((table) => {
    const closed = closedChains(table)
    const isFickle = fickleIn(table)
    return [...table.chains.values()].flatMap((chain) => inChain(chain, closed, isFickle, budget))
  })
  return { found, complete: budget.left > 0 }
}

interface Seen {
  readonly rule: LoadedRule
  readonly conditions: readonly Condition[]
}

function inChain(
  chain: Chain,
  closed: ReadonlySet<string>,
  isFickle: (match: Match) => boolean,
  budget: { left: number },
): readonly Shadow[] {
  const found: Shadow[] = []
  const same = new Map<string, LoadedRule>()
  const takers = new Takers()
  for (const rule of chain.rules) {
    const meaning = `${conditionsOf(rule)} => ${targetOf(rule.target)}`
    const twin = same.get(meaning)
    const conditions = rule.matches.filter(isCondition).map((match) => ({ match, text: conditionOf(match) }))
    const by = twin ?? takers.over(conditions, budget)
    if (by) found.push({ kind: twin ? 'duplicate' : 'shadowed', rule, by })
    // Whoever is shadowed takes nothing: its shadow does.
    if (by) continue
    same.set(meaning, rule)
    if (takesAll(rule, closed) && !rule.matches.some(isFickle)) takers.add({ rule, conditions })
  }
  return found
}

/** Does no packet that meets the rule come to the next one? */
function takesAll({ target }: LoadedRule, closed: ReadonlySet<string>): boolean {
  if (target.kind === 'jump') return closed.has(target.chain)
  return ['accept', 'drop', 'reject', 'return', 'goto', 'dnat', 'redirect', 'snat'].includes(target.kind)
}

/** Chains of users that nothing comes back from: an unconditional verdict stands before any way back. */
function closedChains(table: Table): ReadonlySet<string> {
  const closed = new Set<string>()
  for (const chain of table.chains.values()) {
    for (const { target, matches } of chain.rules) {
      if (['return', 'goto', 'jump', 'unknown'].includes(target.kind)) break
      if (['accept', 'drop', 'reject'].includes(target.kind) && !matches.some(isCondition)) {
        closed.add(chain.name)
        break
      }
    }
  }
  return closed
}

/** Conditions that may hold for one rule and not for the next one, though the packet is the same. */
function fickleIn(table: Table): (match: Match) => boolean {
  const kinds = new Set(['limit', 'unknown', 'mark', 'connmark'])
  const rules = rulesOfTable(table)
  if (rules.some(({ target }) => target.kind === 'set' || target.kind === 'unknown')) kinds.add('set')
  if (rules.some(({ target }) => target.kind === 'notrack' || target.kind === 'unknown')) kinds.add('state')
  return ({ kind }) => kinds.has(kind)
}

/** Rules that take all they match, by what makes most of them different: protocol, source and a single port. */
class Takers {
  readonly #byKey = new Map<string, Seen[]>()
  readonly #masks = new Set<bigint>()

  add(seen: Seen): void {
    const source = addressOf(seen.conditions, 'source')
    if (source) this.#masks.add(source.mask)
    const network = source ? `${source.base}/${source.mask}` : ''
    const key = `${protocolOf(seen.conditions)} ${network} ${portOf(seen.conditions)}`
    const same = this.#byKey.get(key)
    if (same) same.push(seen)
    else this.#byKey.set(key, [seen])
  }

  /** The first rule that takes all that these conditions leave. */
  over(conditions: readonly Condition[], budget: { left: number }): LoadedRule | undefined {
    const source = addressOf(conditions, 'source')
    const networks = source
      ? [
          '',
          ...[...this.#masks]
            .filter((mask) => (source.mask & mask) === mask)
            .map((mask) => `${source.base & mask}/${mask}`),
        ]
      : ['']
    for (const protocol of new Set(['', protocolOf(conditions)]))
      for (const network of networks)
        for (const port of new Set(['', portOf(conditions)])) {
          budget.left -= 1
          for (const seen of this.#byKey.get(`${protocol} ${network} ${port}`) ?? []) {
            budget.left -= 1
            if (budget.left <= 0) return undefined
            if (seen.conditions.every((wide) => conditions.some((narrow) => implies(narrow, wide))))
              return seen.rule
          }
        }
    return undefined
  }
}

function addressOf(conditions: readonly Condition[], side: 'source' | 'destination') {
  for (const { match } of conditions)
    if (match.kind === 'address' && match.side === side && !match.not) return match.network
  return undefined
}

function protocolOf(conditions: readonly Condition[]): string {
  for (const { match } of conditions) if (match.kind === 'protocol' && !match.not) return `${match.protocol}`
  return ''
}

/** Only of one port: a list may be part of a longer one. */
function portOf(conditions: readonly Condition[]): string {
  for (const { match } of conditions)
    if (match.kind === 'ports' && match.side === 'destination' && !match.not) {
      const [range, ...more] = match.ranges
      if (range && range.from === range.to && more.length === 0) return `${range.from}`
    }
  return ''
}
