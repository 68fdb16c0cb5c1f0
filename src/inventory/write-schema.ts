import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Role } from '../model/role.ts'
import { inventorySchema } from './editor-schema.ts'

// `npm run schema [-- FILE]`: writes the schema that editors check inventories with, from the roles as they are now.
const root = join(import.meta.dirname, '..', '..')
const folder = join(root, 'roles')
const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.ts')) : []
const modules = await Promise.all(
  files.map((name) => import(pathToFileURL(join(folder, name)).href) as Promise<{ default?: Role }>),
)
// A file of `roles/` without a role as its default export is a helper of one.
const roles = modules.flatMap((module) => (module.default?.vars ? [module.default] : []))
const published = join(root, 'inventory', 'inventory.schema.json')
const target = process.argv[2] ?? published
// The file is committed and `biome check` reads it too.
const text = execFileSync(
  join(root, 'node_modules', '.bin', 'biome'),
  ['format', '--stdin-file-path', published],
  { cwd: root, input: JSON.stringify(inventorySchema(roles)) },
)
writeFileSync(target, text)
console.log(`${target}: ${roles.length} roles`)
