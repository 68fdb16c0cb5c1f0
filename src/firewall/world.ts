import type { LoadedRule } from './ruleset.ts'
import type { State } from './view.ts'

/**
 * One way that things can be. Where a condition cannot be told, both ways are followed; where two of them come to the same
 * state again, they are one, and the condition did not matter.
 */
export interface World {
  readonly state: State
  readonly path: Step | undefined
  readonly forks: Fork | undefined
  /** A way that only a flood takes: a limit is exceeded on it. */
  readonly isFlood: boolean
}

/** A rule that decided, and those before it. */
export interface Step {
  readonly rule: LoadedRule
  readonly before: Step | undefined
}

/** Why there is more than one way. */
export interface Cause {
  readonly why: string
  readonly rule?: LoadedRule
  readonly path: Step | undefined
}

/** Which side of a cause a world is on, and of all causes before. */
export interface Fork {
  readonly cause: Cause
  readonly side: number
  readonly before: Fork | undefined
  readonly depth: number
}

export const onSide = (world: World, cause: Cause, side: number): World => ({
  ...world,
  forks: { cause, side, before: world.forks, depth: (world.forks?.depth ?? 0) + 1 },
})

/** Two worlds of one state are one. The first one's path stays; only what both have in common still divides them from others. */
export function join(a: World, b: World): World {
  const first = a.isFlood && !b.isFlood ? b : a
  return { ...first, forks: common(a.forks, b.forks), isFlood: a.isFlood && b.isFlood }
}

export function joinAll(worlds: readonly World[]): World[] {
  if (worlds.length < 2) return [...worlds]
  const byState = new Map<string, World>()
  for (const world of worlds) {
    const key = stateKey(world.state)
    const same = byState.get(key)
    byState.set(key, same ? join(same, world) : world)
  }
  return [...byState.values()]
}

/** All of a state tells it from others; its parts are always in the same order. */
export const stateKey = (state: State): string => Object.values(state).join()

export function stepsOf(last: Step | undefined): readonly LoadedRule[] {
  const rules: LoadedRule[] = []
  for (let step = last; step; step = step.before) rules.push(step.rule)
  return rules.reverse()
}

/** The first cause that has the two worlds on different sides. */
export function dividing(a: World, b: World): Cause | undefined {
  const shared = common(a.forks, b.forks)?.depth ?? 0
  for (let fork = a.forks ?? b.forks; fork; fork = fork.before)
    if (fork.depth === shared + 1) return fork.cause
  for (let fork = b.forks; fork; fork = fork.before) if (fork.depth === shared + 1) return fork.cause
  return undefined
}

function common(a: Fork | undefined, b: Fork | undefined): Fork | undefined {
  let [left, right] = [a, b]
  while (left !== right) {
    const depth = Math.max(left?.depth ?? 0, right?.depth ?? 0)
    // Both copies of a fork are one when they stand on the same side of the same cause, after the same forks.
    if (
      left &&
      right &&
      left.cause === right.cause &&
      left.side === right.side &&
      left.before === right.before
    )
      return left
    if (left?.depth === depth) left = left.before
    if (right?.depth === depth) right = right.before
  }
  return left
}
