import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { InputError, ProvisionError } from '../errors.ts'
import type { Playbook } from '../model/playbook.ts'
import { checkTypes } from './check-types.ts'

/** Loads a playbook after its types, and those of all roles, were checked. Throws InputError with file and line. */
export async function loadPlaybook(file: string, root: string): Promise<Playbook> {
  const path = existsSync(file) ? resolve(file) : resolve(root, file)
  if (!existsSync(path))
    throw new InputError({ what: `there is no playbook ${file}`, next: 'see playbooks/' })
  checkTypes(path, root)
  try {
    const module = (await import(pathToFileURL(path).href)) as { default?: Playbook }
    if (!module.default?.plays)
      throw new InputError({ where: file, what: 'the file has no playbook as its default export' })
    return module.default
  } catch (cause) {
    if (cause instanceof ProvisionError) throw cause
    throw new InputError({
      where: file,
      what: 'the playbook cannot be loaded',
      why: cause instanceof Error ? cause.stack?.split('\n').slice(0, 4).join('\n') : String(cause),
      cause,
    })
  }
}
