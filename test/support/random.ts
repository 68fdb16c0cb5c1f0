/** Random numbers that a seed repeats (mulberry32). `LAW_SEED=…` runs the same cases again. */
export function randomOf(seed: number) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n: number) => Math.floor(next() * n)
  return {
    below,
    chance: (p: number) => next() < p,
    one: <T>(list: readonly [T, ...T[]]): T => list[below(list.length)] ?? list[0],
    many: <T>(count: number, make: () => T): readonly T[] => Array.from({ length: count }, make),
  }
}

export type Random = ReturnType<typeof randomOf>

/** The seed of this run: given, or new. */
export function seedOf(name: string): number {
  const given = process.env[name]
  return given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given)
}
