import { type Failure, inputErrors } from '../errors.ts'
import { nearest } from '../model/nearest.ts'
import type { Inventory, VarsOwner } from './load.ts'

/**
 * Every key of every `vars` must be a role of the playbook or one of `others` (an inventory serves many playbooks),
 * and what a host says for a role of the playbook must fit it. Throws InputError with all problems. A var that is missing is no problem yet: only `varsFor` knows that the role runs on the host.
 */
export function checkRoles(
  inventory: Inventory,
  roles: readonly VarsOwner[],
  others: readonly string[] = [],
): void {
  const names = [...new Set([...roles.map((role) => role.name), ...others])]
  const failures: Failure[] = inventory.declared
    .filter(({ role }) => !names.includes(role))
    .map(({ role, where }) => ({
      where,
      what: `vars.${role}: there is no role ${role}`,
      next: nearest(role, names),
    }))
  for (const host of inventory.hosts)
    for (const role of roles.filter(({ name }) => Object.hasOwn(host.vars, name)))
      failures.push(...inventory.problemsOf(host, role).filter(({ missing }) => !missing))
  // One line of the inventory may be wrong for many hosts; it is told once.
  const told = Map.groupBy(failures, ({ where, what }) => `${where} ${what}`)
  if (told.size > 0) throw inputErrors([...told.values()].flatMap((same) => same.slice(0, 1)))
}
