import { createRequire } from 'node:module'
import { commentOf, conditionsOf, meaningOf, targetOf } from './meaning.ts'
import { movedIn } from './order.ts'
import { mayOverlap } from './overlap.ts'
import { forwardChain, inChain } from './render.ts'
import type { LoadedRule, Ruleset } from './ruleset.ts'

const require = createRequire(import.meta.url)

export interface Difference {
  /** `reordered` only where the order changes the effect. */
  readonly kind: 'missing' | 'extra' | 'duplicated' | 'changed' | 'reordered'
  readonly chain: string
  /** Missing, changed, reordered: as it should be. */
  readonly wanted?: LoadedRule
  /** Extra, duplicated, changed, reordered: as it is. */
  readonly loaded?: LoadedRule
  /** One sentence, where the two rules do not say it by themselves. */
  readonly why?: string
}

/** A rule `-j to` that has to be the first one of its chain. */
export interface Jump {
  readonly from: string
  readonly to: string
}

/** From INPUT and from DOCKER-USER, as the script on the host keeps them. */
export const ownJumps: readonly Jump[] = [
  { from: 'INPUT', to: inChain },
  { from: 'DOCKER-USER', to: forwardChain },
]

/** Pairs of moved rules that are looked at; beyond, a moved rule counts as one that matters. */
const mostPairs = 2_000_000

/**
 * Our own chains of the filter table, as they are loaded and as `render` wants them, by meaning: `-p 112` is `-p vrrp`.
 * And the jumps to them, which `render` does not contain. No difference: an empty list.
 */
export function compare(
  loaded: Ruleset,
  wanted: Ruleset,
  jumps: readonly Jump[] = ownJumps,
): readonly Difference[] {
  return [
    ...jumps.flatMap((jump) => compareJump(jump, rulesOf(loaded, jump.from))),
    ...chainsOf(wanted).flatMap((chain) =>
      compareChain(chain, rulesOf(loaded, chain), rulesOf(wanted, chain)),
    ),
  ]
}

/** A unified diff from what is loaded to what is wanted, of our own chains. Empty when they mean the same. */
export function diffRules(loaded: Ruleset, wanted: Ruleset, jumps: readonly Jump[] = ownJumps): string {
  const is = [
    ...jumps.flatMap(({ from, to }) => rulesOf(loaded, from).filter((rule) => isJump(rule, to))),
    ...chainsOf(wanted).flatMap((chain) => rulesOf(loaded, chain)),
  ]
  // What means the same is shown with the words of the kernel, so that only differences differ.
  const words = new Map(is.map((rule) => [`${rule.chain} ${meaningOf(rule)}`, rule.text]))
  const rules = chainsOf(wanted).flatMap((chain) => rulesOf(wanted, chain))
  const before = is.map(({ text }) => text)
  const after = [
    ...jumps.map(({ from, to }) => `-A ${from} -j ${to}`),
    ...rules.map((rule) => words.get(`${rule.chain} ${meaningOf(rule)}`) ?? rule.text),
  ]
  if (before.join('\n') === after.join('\n')) return ''
  // Loaded only when a diff is shown.
  const { createTwoFilesPatch } = require('diff') as typeof import('diff')
  // 20,000 rules of which none is as it should be take minutes otherwise.
  const options = { context: 3, maxEditLength: 2_000 }
  const [old, fresh] = [before, after].map((lines) => `${lines.join('\n')}\n`)
  return (
    createTwoFilesPatch('loaded', 'wanted', old ?? '', fresh ?? '', undefined, undefined, options) ??
    `more than ${options.maxEditLength} lines differ\n`
  )
}

const chainsOf = (wanted: Ruleset) => [...(wanted.tables.get('filter')?.chains.keys() ?? [])]
const rulesOf = (ruleset: Ruleset, chain: string) =>
  ruleset.tables.get('filter')?.chains.get(chain)?.rules ?? []

/** An unconditional jump (or goto, which is as good for a last rule but not for a first one: not the same). */
const isJump = (rule: LoadedRule, to: string) =>
  rule.target.kind === 'jump' && rule.target.chain === to && conditionsOf(rule) === ''

function compareJump({ from, to }: Jump, rules: readonly LoadedRule[]): readonly Difference[] {
  const [first, ...more] = rules.filter((rule) => isJump(rule, to))
  const wanted: LoadedRule = {
    table: 'filter',
    chain: from,
    position: 1,
    line: 0,
    text: `-A ${from} -j ${to}`,
    matches: [],
    target: { kind: 'jump', chain: to, words: [to] },
  }
  if (!first) return [{ kind: 'missing', chain: from, wanted, why: `nothing leads from ${from} to ${to}` }]
  const before = rules.slice(0, first.position - 1).find((rule) => !isHarmless(rule))
  const why = before && `${before.text} comes before it`
  return [
    ...(why ? [{ kind: 'reordered', chain: from, wanted, loaded: first, why } as const] : []),
    ...more.map((rule) => ({ kind: 'duplicated', chain: from, loaded: rule }) as const),
  ]
}

const isHarmless = ({ target }: LoadedRule) => target.kind === 'none' || target.kind === 'pass'

function compareChain(chain: string, loaded: readonly LoadedRule[], wanted: readonly LoadedRule[]) {
  const left = group(wanted)
  const found: Difference[] = []
  const extra: LoadedRule[] = []
  const pairs: { readonly loaded: LoadedRule; readonly wanted: LoadedRule }[] = []
  const isWanted = new Set(left.keys())
  for (const rule of loaded) {
    const meaning = meaningOf(rule)
    const match = left.get(meaning)?.shift()
    if (match) pairs.push({ loaded: rule, wanted: match })
    else if (isWanted.has(meaning)) found.push({ kind: 'duplicated', chain, loaded: rule })
    else extra.push(rule)
  }
  const missing = [...left.values()].flat().toSorted((a, b) => a.position - b.position)
  return [...changes(chain, missing, extra), ...found, ...reordered(chain, pairs)].toSorted(
    (a, b) => positionOf(a) - positionOf(b),
  )
}

const positionOf = ({ wanted, loaded }: Difference) => (loaded ?? wanted)?.position ?? 0

function group(rules: readonly LoadedRule[]): Map<string, LoadedRule[]> {
  const groups = new Map<string, LoadedRule[]>()
  for (const rule of rules) {
    const meaning = meaningOf(rule)
    const same = groups.get(meaning)
    if (same) same.push(rule)
    else groups.set(meaning, [rule])
  }
  return groups
}

/** What two rules have in common that are the same rule, changed. The first that fits, fits. */
const likenesses: readonly { readonly of: (rule: LoadedRule) => string | undefined; readonly why: string }[] =
  [
    { of: (rule) => `${conditionsOf(rule)} => ${targetOf(rule.target)}`, why: 'only its comment is another' },
    { of: (rule) => conditionsOf(rule), why: 'its target is another' },
    {
      of: (rule) => commentOf(rule).join(' ') || undefined,
      why: 'its comment is the same, its conditions are not',
    },
    { of: (rule) => `${rule.position} ${targetOf(rule.target)}`, why: 'its conditions are others' },
  ]

function changes(chain: string, missing: readonly LoadedRule[], extra: readonly LoadedRule[]): Difference[] {
  const found: Difference[] = []
  const rest = { missing: new Set(missing), extra: new Set(extra) }
  for (const { of, why } of likenesses) {
    const candidates = new Map([...rest.extra].map((rule) => [of(rule), rule]))
    for (const wanted of rest.missing) {
      const likeness = of(wanted)
      const loaded = likeness === undefined ? undefined : candidates.get(likeness)
      if (!loaded) continue
      candidates.delete(likeness)
      rest.missing.delete(wanted)
      rest.extra.delete(loaded)
      found.push({ kind: 'changed', chain, wanted, loaded, why })
    }
  }
  for (const wanted of rest.missing) found.push({ kind: 'missing', chain, wanted })
  for (const loaded of rest.extra) found.push({ kind: 'extra', chain, loaded })
  return found
}

type Pair = { readonly loaded: LoadedRule; readonly wanted: LoadedRule }

function reordered(chain: string, pairs: readonly Pair[]): Difference[] {
  const moved = movedIn(pairs.map(({ wanted }) => wanted.position))
  // Rules that all do the same may stand in any order.
  if (new Set(pairs.map(({ loaded }) => targetOf(loaded.target))).size < 2) return []
  const isTooMuch = moved.size * pairs.length > mostPairs
  return [...moved].flatMap((index) => {
    const pair = pairs[index]
    if (!pair) return []
    const other = pairs.find((one) => isTooMuch || swaps(pair, one))
    if (!other) return []
    const why = isTooMuch
      ? 'too many rules are in another order'
      : `it changed places with: ${other.loaded.text}`
    return [{ kind: 'reordered', chain, ...pair, why }]
  })
}

/** Does it matter to a packet that the two stand in another order? */
function swaps(a: Pair, b: Pair): boolean {
  const isSwapped = a.loaded.position < b.loaded.position !== a.wanted.position < b.wanted.position
  if (a === b || !isSwapped) return false
  if (isHarmless(a.loaded) && isHarmless(b.loaded)) return false
  return targetOf(a.loaded.target) !== targetOf(b.loaded.target) && mayOverlap(a.loaded, b.loaded)
}
