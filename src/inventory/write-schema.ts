import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Role } from '../model/role.ts'
import { inventorySchema } from './editor-schema.ts'

// `npm run schema`: writes the schema that editors check inventories with, from the roles as they are now.
const root = join(import.meta.dirname, '..', '..')
const folder = join(root, 'roles')
const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.ts')) : []
const modules = await Promise.all(
  files.map((name) => import(pathToFileURL(join(folder, name)).href) as Promise<{ default?: Role }>),
)
// A file of `roles/` without a role as its default export is a helper of one.
const roles = modules.flatMap((module) => (module.default?.vars ? [module.default] : []))
const target = join(root, 'inventory', 'inventory.schema.json')
writeFileSync(target, JSON.stringify(inventorySchema(roles)))
// The file is committed and `biome check` reads it too.
execFileSync(join(root, 'node_modules', '.bin', 'biome'), ['format', '--write', target], { cwd: root })
console.log(`inventory/inventory.schema.json: ${roles.length} roles`)
