// How a packet goes through the chains of one table at one hook, in every world that the unknown leaves open, and where
// each way ends. What a rule's condition means is match.ts's; how tables and hooks follow each other, evaluate.ts's.
import { changed } from './change.ts'
import { matches } from './match.ts'
import type { Result } from './packet.ts'
import type { Chain, LoadedRule, Table } from './ruleset.ts'
import type { Answer, State, View } from './view.ts'
import { type Cause, join, joinAll, onSide, stateKey, type World } from './world.ts'

/** A way that came to its end in a table. */
export interface Ended {
  readonly result: Result
  readonly world: World
  readonly because?: string
}

/** The evaluation would take too long or too much. The verdict is unknown then. */
export class TooMuch extends Error {}

/** A forged text may make chains that call each other twice, thirty deep. 20,000 rules in five tables are 100,000. */
const mostSteps = 1_000_000
/** Each unknown condition on a mark may double the ways. */
const mostWorlds = 64
/** nf_tables allows 16 (NFT_JUMP_STACK_SIZE); the legacy backend more, and nobody uses it. */
const mostDepth = 200

/** What of a packet the walk through a table needs, but for the state, which changes. */
export type Scene = Omit<View, 'state'>

interface Passed {
  readonly left: readonly World[]
}

/** Walks a packet through one table at one hook: all chains that it comes to. */
export class Walk {
  readonly #table: Table
  readonly #scene: Scene
  readonly #ended = new Map<string, Ended>()
  readonly #budget: { steps: number }
  #view: View | undefined

  constructor(table: Table, scene: Scene, budget: { steps: number }) {
    this.#table = table
    this.#scene = scene
    this.#budget = budget
  }

  /** From a built-in chain to its policy. */
  run(chain: Chain, world: World): readonly Ended[] {
    const { left } = this.#chain(chain, [world], 0)
    for (const rest of left) this.#policy(chain, rest)
    return [...this.#ended.values()]
  }

  #policy(chain: Chain, world: World): void {
    const place = `${chain.name} (${this.#table.name})`
    if (chain.policy) {
      const because = `the policy of ${place} is ${chain.policy}`
      this.#end({ result: chain.policy === 'ACCEPT' ? 'accept' : 'drop', world, because })
      return
    }
    const cause: Cause = { why: `${place} has no policy`, path: world.path }
    this.#end({ result: 'accept', world: onSide(world, cause, 0) })
    this.#end({ result: 'drop', world: onSide(world, cause, 1) })
  }

  #chain(chain: Chain, worlds: readonly World[], depth: number): Passed {
    if (depth > mostDepth) throw new TooMuch(`chains are nested deeper than ${mostDepth}`)
    let live = worlds
    const returned: World[] = []
    for (const rule of chain.rules) {
      if (live.length > mostWorlds) throw new TooMuch(`the rules leave more than ${mostWorlds} possibilities`)
      if (rule.target.kind === 'none' || rule.target.kind === 'pass') continue
      if (live.length === 0) break
      live = isOne(live) ? this.#rule(rule, live, returned, depth) : this.#all(rule, live, returned, depth)
    }
    return { left: joinAll([...returned, ...live]) }
  }

  #all(rule: LoadedRule, live: readonly World[], returned: World[], depth: number): World[] {
    return joinAll(live.flatMap((world) => this.#rule(rule, [world], returned, depth)))
  }

  /** The worlds that go on to the next rule of the chain. */
  #rule(rule: LoadedRule, live: readonly [World], returned: World[], depth: number): readonly World[] {
    const [world] = live
    this.#budget.steps += 1
    if (this.#budget.steps > mostSteps)
      throw new TooMuch(`the packet would meet more than ${mostSteps} rules`)
    const view = this.#viewOf(world.state)
    if (rule.matches.some((match) => match.kind !== 'limit' && matches(match, view) === false)) return live
    const { hits, misses } = this.#meet(rule, world, view)
    return joinAll([...hits.flatMap((hit) => this.#apply(rule, hit, returned, depth)), ...misses])
  }

  /** Rules in a row ask about the same state. */
  #viewOf(state: State): View {
    if (this.#view?.state !== state) this.#view = { ...this.#scene, state }
    return this.#view
  }

  /** For a rule of which no condition fails: who meets it, and who may not. */
  #meet(rule: LoadedRule, world: World, view: View): { hits: World[]; misses: World[] } {
    let doubt: Answer = true
    let hasLimit = false
    let first = true
    for (const match of rule.matches) {
      if (match.kind === 'limit') {
        hasLimit = true
        first &&= match.first
        continue
      }
      const answer = matches(match, view)
      if (typeof answer === 'string') doubt = answer
    }
    const hits = [world]
    const misses: World[] = []
    if (typeof doubt === 'string') {
      const cause: Cause = { why: doubt, rule, path: world.path }
      hits[0] = onSide(world, cause, 1)
      misses.push(onSide(world, cause, 0))
    }
    return hasLimit ? limited(rule, hits, misses, first) : { hits, misses }
  }

  #apply(rule: LoadedRule, world: World, returned: World[], depth: number): World[] {
    const { target } = rule
    const here: World = { ...world, path: { rule, before: world.path } }
    switch (target.kind) {
      case 'accept':
      case 'drop':
      case 'reject':
        this.#end({ result: target.kind, world: here })
        return []
      case 'return':
        returned.push(world)
        return []
      case 'snat':
        this.#end({ result: 'accept', world })
        return []
      case 'jump':
      case 'goto': {
        const chain = this.#table.chains.get(target.chain)
        if (!chain) return this.#anything(rule, world)
        const left = this.#chain(chain, [here], depth + 1).left.map((rest) =>
          // A chain that was left without a verdict did not decide.
          rest.path === here.path ? { ...rest, path: world.path } : rest,
        )
        if (target.kind === 'jump') return [...left]
        returned.push(...left)
        return []
      }
      case 'dnat':
      case 'redirect': {
        const state = changed(target, { ...this.#scene, state: world.state })
        this.#end(state ? { result: 'accept', world: { ...here, state } } : { result: 'drop', world: here })
        return []
      }
      case 'unknown':
        return this.#anything(rule, world)
      default: {
        const state = changed(target, { ...this.#scene, state: world.state })
        return state && stateKey(state) !== stateKey(world.state) ? [{ ...here, state }] : [world]
      }
    }
  }

  /** A target that we do not know may let the packet in, take it, or let it go on. */
  #anything(rule: LoadedRule, world: World): World[] {
    const cause: Cause = { why: `"${rule.target.words.join(' ')}" is not modelled`, rule, path: world.path }
    this.#end({ result: 'accept', world: onSide(world, cause, 0) })
    this.#end({ result: 'drop', world: onSide(world, cause, 1) })
    return [onSide(world, cause, 2)]
  }

  #end(ended: Ended): void {
    const key = `${ended.result} ${stateKey(ended.world.state)}`
    const same = this.#ended.get(key)
    this.#ended.set(key, same ? { ...same, world: join(same.world, ended.world) } : ended)
  }
}

const isOne = (live: readonly World[]): live is readonly [World] => live.length === 1

/** A first packet takes one side, a flood may be on either. */
function limited(rule: LoadedRule, hits: readonly World[], misses: readonly World[], first: boolean) {
  const within = hits.map((hit) => {
    const cause: Cause = { why: 'a limit', rule, path: hit.path }
    return { under: onSide(hit, cause, 0), over: { ...onSide(hit, cause, 1), isFlood: true } }
  })
  return {
    hits: within.map(({ under, over }) => (first ? under : over)),
    misses: [...within.map(({ under, over }) => (first ? over : under)), ...misses],
  }
}
