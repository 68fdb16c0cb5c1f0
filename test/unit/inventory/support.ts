import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Type from 'typebox'
import { afterAll } from 'vitest'
import { loadInventory } from '../../../src/inventory/index.ts'
import type { Host } from '../../../src/model/host.ts'

export const folder = mkdtempSync(join(tmpdir(), 'provision-inventory-'))
afterAll(() => rmSync(folder, { recursive: true }))
export const file = join(folder, 'test.yaml')

export function load(text: string, set: readonly string[] = []) {
  writeFileSync(file, text)
  return loadInventory(file, { set })
}

export function hostOf(inventory: { readonly hosts: readonly Host[] }, name: string): Host {
  const host = inventory.hosts.find((h) => h.name === name)
  if (!host) throw new Error(`no ${name}`)
  return host
}

/** The message of the error, with the inventory's path as F. */
export function complaint(act: () => unknown): string {
  try {
    act()
    return 'none'
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).replaceAll(file, 'F')
  }
}

export const chrony = {
  name: 'chrony',
  vars: Type.Object({ servers: Type.Array(Type.String()), port: Type.Integer({ default: 123 }) }),
}
