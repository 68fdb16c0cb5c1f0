import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { inventorySchema, loadInventory } from '../../../src/inventory/index.ts'
import { chrony } from './support.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const prod = join(root, 'inventory', 'prod.yaml')

function accepts(schema: object, value: unknown): boolean {
  return new Ajv({ strict: false }).compile(schema)(value)
}

test('the schema for editors knows the vars of the roles, and one level may say a part of them', () => {
  const schema = inventorySchema([chrony])
  expect([
    accepts(schema, { vars: { chrony: { port: 1 } }, hosts: { h: null } }),
    accepts(schema, { hosts: { h: { vars: { chrony: { port: 'x' } } } } }),
    accepts(schema, { groups: { g: { vars: { chrony: { prt: 1 } } } } }),
    accepts(schema, { vars: { chrny: {} } }),
  ]).toEqual([true, false, false, false])
})

test('without roles the schema for editors takes any vars', () => {
  expect(accepts(inventorySchema([]), { vars: { any: { x: 1 } } })).toBe(true)
})

test('the schema that is published is that of the roles: `npm run schema`', () => {
  const folder = mkdtempSync(join(tmpdir(), 'schema-'))
  try {
    const file = join(folder, 'inventory.schema.json')
    execFileSync(process.execPath, [join(root, 'src/inventory/write-schema.ts'), file])
    const read = (path: string) => readFileSync(path, 'utf8')
    expect(read(join(root, 'inventory/inventory.schema.json'))).toEqual(read(file))
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('the example inventory loads', () => {
  const { hosts } = loadInventory(prod)
  expect(hosts.map((h) => [h.name, h.address, h.groups])).toEqual([
    ['db1', '192.0.2.11', ['db']],
    ['db2', '192.0.2.12', ['db']],
    ['db3', '192.0.2.13', ['db']],
  ])
})
