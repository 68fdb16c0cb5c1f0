import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** One file, one role, one name. Names that `vars` of an inventory may have: one inventory serves many playbooks. */
export function roleNames(): readonly string[] {
  return readdirSync(join(import.meta.dirname, '..', '..', 'roles')).flatMap(
    (name) => /^(.+)\.ts$/.exec(name)?.[1] ?? [],
  )
}
