import { inspect } from 'node:util'
import { InputError, isUsersThrow, ProvisionError, userPlace } from '../errors.ts'

/**
 * Runs a function that a role or playbook has given us. What it throws becomes an InputError that says whose it is, on which host,
 * and where: the line that threw, or that called what threw.
 */
export function runByUser<T>(
  work: () => T,
  context: { readonly what: string; readonly host?: string | undefined; where(): string | undefined },
): T {
  try {
    return work()
  } catch (error) {
    const { what, host } = context
    if (error instanceof ProvisionError) throw placed(error, host, context.where)
    throw new InputError({
      host,
      where: placeIn(error) ?? context.where(),
      what: `${what} failed: ${saidBy(error)}`,
      ...(error instanceof Error && !isUsersThrow(error) ? { why: `thrown ${thrownAt(error)}` } : {}),
      cause: error,
    })
  }
}

/** `TypeError: x is undefined`; whatever else was thrown, as it is. */
export function saidBy(error: unknown): string {
  return error instanceof Error
    ? `${error.name}: ${error.message}`
    : `it threw ${inspect(error)}, which is no Error`
}

/** The line of the user's that an error came from. */
export function placeIn(error: unknown): string | undefined {
  return error instanceof Error ? userPlace(error.stack ?? '') : undefined
}

/** An error of ours about what a line asked for gets that line; what the user's own code throws knows best what to say. */
function placed(
  error: ProvisionError,
  host: string | undefined,
  where: () => string | undefined,
): ProvisionError {
  if (isUsersThrow(error)) return error
  const { failure } = error
  const Same = error.constructor as new (failure: ProvisionError['failure']) => ProvisionError
  return new Same({
    ...failure,
    host: failure.host ?? host,
    where: failure.where ?? placeIn(error) ?? where(),
    cause: error,
  })
}

function thrownAt(error: Error): string {
  return /^\s+(at .*)$/m.exec(error.stack ?? '')?.[1] ?? 'somewhere'
}

/** Throws InputError for what is no resource, nor a list of them, nor `false` or `undefined`. */
export function mustBeResources(value: unknown, role: string): void {
  if (value === false || value === undefined) return
  if (Array.isArray(value)) {
    for (const item of value) mustBeResources(item, role)
    return
  }
  if (typeof value === 'object' && value !== null && 'kind' in value && 'desired' in value) return
  if (value instanceof Promise) {
    // It may fail, too: that is told here, once.
    value.catch(() => undefined)
    throw new InputError({
      what: `role ${role} returns a promise: what a role wants is known at once, so its functions are not async`,
      next: 'what must be read from a host first is a fact (facts: { … }); what must be read here, read it at the top of the file',
    })
  }
  throw new InputError({
    what: `role ${role} returns ${inspect(value, { depth: 0 }).slice(0, 80)}, which is no resource`,
    next: 'return resources such as file(…), lists of them, false or undefined',
  })
}
