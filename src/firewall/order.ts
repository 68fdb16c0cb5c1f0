/**
 * The fewest members that have to move for the numbers to rise: all but a longest rising part of them.
 * By patience sorting, n log n.
 */
export function movedIn(numbers: readonly number[]): ReadonlySet<number> {
  const tails: number[] = []
  const before: (number | undefined)[] = []
  for (const [index, value] of numbers.entries()) {
    let low = 0
    let high = tails.length
    while (low < high) {
      const middle = (low + high) >> 1
      const tail = numbers[tails[middle] ?? 0] ?? 0
      if (tail < value) low = middle + 1
      else high = middle
    }
    before[index] = low > 0 ? tails[low - 1] : undefined
    tails[low] = index
  }
  const moved = new Set(numbers.keys())
  for (let at = tails.at(-1); at !== undefined; at = before[at]) moved.delete(at)
  return moved
}
