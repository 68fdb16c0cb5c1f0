import { loadInventory } from '../inventory/index.ts'

/** `--set` of what was asked for. Hosts may be `all`, or groups: the inventory says who that is. */
export function setOf(
  role: string,
  asked: Readonly<Record<string, unknown>>,
  inventoryFile: string,
): readonly string[] {
  return Object.entries(asked).flatMap(([key, value]) => {
    if (value === undefined) return []
    if (!Array.isArray(value)) return [`${role}.${key}=${JSON.stringify(value)}`]
    const chosen = loadInventory(inventoryFile).select(value.join(','))
    return [`${role}.${key}=${JSON.stringify(chosen.map((h) => h.name))}`]
  })
}
