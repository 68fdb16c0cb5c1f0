import { InputError } from '../errors.ts'
import { loadInventory } from '../inventory/index.ts'
import type { Host } from '../model/host.ts'
import { nearest } from '../model/nearest.ts'

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

/** A host of the inventory. Throws InputError with the nearest name. */
export function hostNamed(name: string, hosts: readonly Host[]): Host {
  const host = hosts.find((h) => h.name === name)
  if (host) return host
  throw new InputError({
    what: `the inventory has no host ${name}`,
    next: nearest(
      name,
      hosts.map((h) => h.name),
    ),
  })
}
