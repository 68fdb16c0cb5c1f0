import { InputError, isUsersThrow, ProvisionError, userPlace } from '../errors.ts'
import type { Kind } from '../model/kind.ts'
import { idOf, type Resource, whereOf } from '../model/resource.ts'

/**
 * Asks a kind something about its resources. What a kind of the user's own throws is the user's to mend: an InputError with its
 * line; what one of ours throws is a bug, and says of which resource.
 */
export function askKind<T>(
  doing: 'plan' | 'probe' | 'apply',
  { name }: Pick<Kind, 'name'>,
  resources: readonly Resource[],
  root: string,
  work: () => T,
): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof ProvisionError) throw error
    const [first] = resources
    const what = resources.length === 1 && first ? idOf(first) : `${resources.length} resources`
    const where = first && whereOf(first, root)
    const said = error instanceof Error ? `${error.name}: ${error.message}` : `it threw ${String(error)}`
    if (error instanceof Error && !isUsersThrow(error))
      throw new Error(`${doing} of ${what} (${where})`, { cause: error })
    throw new InputError({
      where: (error instanceof Error ? userPlace(error.stack ?? '') : undefined) ?? where,
      what: `${doing} of the kind ${name} failed for ${what}: ${said}`,
      ...(where ? { why: `asked for at ${where}` } : {}),
      next: 'mend the kind: its probe, plan and apply throw for nothing that a host can be',
      cause: error,
    })
  }
}
