import type { Table } from './ruleset.ts'

/** A chain that leads to itself, if there is one; the kernel refuses such, a forged text may have it. Linear. */
export function loopOf(table: Table): string | undefined {
  // Kahn: whoever is never free of incoming jumps is in a loop, or behind one.
  const targets = new Map<string, readonly string[]>()
  const incoming = new Map<string, number>()
  for (const { name, rules } of table.chains.values()) {
    const next = rules.flatMap(({ target }) =>
      target.kind === 'jump' || target.kind === 'goto' ? [target.chain] : [],
    )
    targets.set(name, next)
    for (const chain of next) incoming.set(chain, (incoming.get(chain) ?? 0) + 1)
  }
  const free = [...table.chains.keys()].filter((name) => !incoming.has(name))
  for (let name = free.pop(); name !== undefined; name = free.pop())
    for (const next of targets.get(name) ?? []) {
      const left = (incoming.get(next) ?? 0) - 1
      incoming.set(next, left)
      if (left === 0) free.push(next)
    }
  return [...incoming].find(([, count]) => count > 0)?.[0]
}
