import type { Option } from './interpret.ts'
import type { Match } from './ruleset.ts'

/**
 * Modules that count: what a first packet meets and what a flood meets is different.
 * Undefined where even the first packet cannot be told, such as `recent --rcheck`: it is for port knocking.
 */
export function interpretLimit(
  options: readonly Option[],
  words: readonly string[],
): readonly Match[] | undefined {
  const [module = ''] = words
  const given = (name: string) => options.find((option) => option.name === name)
  const limit = (first: boolean) => [{ kind: 'limit', module, words, first } as const]
  if (module === 'limit') return limit(true)
  if (module === 'quota') return limit(!given('quota')?.not)
  if (module === 'hashlimit') return limit(!given('hashlimit-above'))
  if (module === 'connlimit') return connlimit(given('connlimit-upto'), given('connlimit-above'), limit)
  return recent(given, words, limit)
}

type Limit = (first: boolean) => readonly Match[]

/** The connection that is being made counts: it is at least the first. */
function connlimit(upto: Option | undefined, above: Option | undefined, limit: Limit) {
  const option = upto ?? above
  if (!option) return undefined
  const isWithin = Number(option.args[0]) >= 1
  return limit((upto ? isWithin : !isWithin) !== option.not)
}

function recent(given: (name: string) => Option | undefined, words: readonly string[], limit: Limit) {
  const set = given('set')
  if (set) return set.not ? undefined : [{ kind: 'always', module: 'recent', words } as const]
  const asks = given('rcheck') ?? given('update')
  // With a count of one it holds for whoever was seen before: that is a state of which the rules say nothing.
  if (!asks || Number(given('hitcount')?.args[0] ?? 1) < 2) return undefined
  return limit(asks.not)
}
