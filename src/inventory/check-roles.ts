import { type Failure, inputErrors } from '../errors.ts'
import type { Role } from '../model/role.ts'
import type { Inventory } from './load.ts'
import { nearest } from './validate.ts'

/**
 * Every key of every host's vars must be a role: of the playbook, or one of `others` (an inventory serves many
 * playbooks). Throws InputError with every problem and the nearest names.
 */
export function checkRoles(
  inventory: Inventory,
  roles: readonly Pick<Role, 'name'>[],
  others: readonly string[] = [],
): void {
  const names = [...new Set([...roles.map((role) => role.name), ...others])]
  const failures = new Map<string, Failure>()
  for (const host of inventory.hosts)
    for (const key of Object.keys(host.vars).filter((key) => !names.includes(key))) {
      const where = inventory.originsOf(host, [key])[0]?.where
      failures.set(`${where} ${key}`, {
        where,
        what: `vars.${key}: there is no role ${key}`,
        next: nearest(key, names),
      })
    }
  if (failures.size > 0) throw inputErrors([...failures.values()])
}
