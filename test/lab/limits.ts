/**
 * Limits of time that the product promises, measured where other work shares the machine: one that is missed is measured once
 * more, and all figures are printed. Whatever else fails is not tried again.
 *
 *   test('a switchover costs at most 5 s', measured, async () => { … within('switchover', outage, 5) })
 */
export const measured = { retry: { count: 1, condition: /^too slow: / } } as const

/** Throws where `seconds` are more than `limit`, the promise. */
export function within(what: string, seconds: number, limit: number): void {
  const said = `${what}: ${seconds.toFixed(1)} s, at most ${limit} s`
  console.log(said)
  if (seconds > limit) throw new Error(`too slow: ${said}`)
}
