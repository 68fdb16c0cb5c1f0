import { existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { InputError, ProvisionError } from '../errors.ts'
import type { Playbook } from '../model/playbook.ts'
import { placeIn, saidBy } from '../model/users-code.ts'
import { importChecked } from './check-types.ts'

/** Loads a playbook after its types, and those of all roles, were checked. Throws InputError with file and line. */
export async function loadPlaybook(file: string, root: string): Promise<Playbook> {
  const path = existsSync(file) ? resolve(file) : resolve(root, file)
  if (!existsSync(path) || !statSync(path).isFile())
    throw new InputError({ what: `there is no playbook ${file}`, next: 'see playbooks/' })
  try {
    const load = () => import(pathToFileURL(path).href) as Promise<{ default?: Playbook }>
    const found = (await importChecked(path, root, load)).default
    if (!Array.isArray(found?.plays))
      throw new InputError({ where: file, what: 'the file has no playbook as its default export' })
    mustHaveRoles(found, file)
    return found
  } catch (cause) {
    if (cause instanceof ProvisionError) throw cause
    throw new InputError({
      where: placeIn(cause) ?? file,
      what: `the playbook ${file} cannot be loaded: ${saidBy(cause)}`,
      cause,
    })
  }
}

/** An import in a circle gives `undefined` for a role, whatever its type says. */
function mustHaveRoles({ plays }: Playbook, where: string): void {
  for (const play of plays) {
    const at = play.roles.findIndex((role) => typeof role?.resources !== 'function')
    if (at < 0) continue
    throw new InputError({
      where,
      what: `play "${play.name ?? play.on}": number ${at + 1} of its roles is no role`,
      next: 'a role is what role({ … }) gives; do two files import each other?',
    })
  }
}
