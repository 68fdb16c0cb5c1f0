import { InputError, userPlace } from '../errors.ts'
import { isSecretSchema } from '../model/schema.ts'
import { Secret } from '../secret/secret.ts'
import type { Schema, Uses } from './check.ts'

/** Values of a view with the text of their Secrets, and the names of these. */
export interface OpenedView {
  readonly values: unknown
  readonly names: readonly string[]
}

/**
 * A view as Handlebars may have it: the text of each Secret where the view declares one. Throws InputError for a Secret
 * anywhere else, with the place of the template that would have rendered it.
 */
export function openView(values: unknown, view: object, uses: Uses): OpenedView {
  const names = new Set<string>()
  const open = (value: unknown, schema: Schema | undefined, path: readonly (string | number)[]): unknown => {
    if (value instanceof Secret) {
      if (!mayBeSecret(schema)) throw undeclared(value, path, schema && uses.get(schema))
      names.add(value.name)
      return value.reveal()
    }
    if (Array.isArray(value)) return value.map((item, i) => open(item, schema?.items, [...path, i]))
    if (typeof value !== 'object' || value === null) return value
    const [others] = Object.values(schema?.patternProperties ?? {})
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        open(inner, schema?.properties?.[key] ?? others, [...path, key]),
      ]),
    )
  }
  return { values: open(values, view as Schema, []), names: [...names] }
}

/** Does a view declare a Secret anywhere? */
export function hasSecret(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null) return false
  return isSecretSchema(schema) || Object.values(schema).some(hasSecret)
}

/** A union may have one among its branches. */
function mayBeSecret(schema: Schema | undefined): boolean {
  return isSecretSchema(schema) || (schema?.anyOf?.some(mayBeSecret) ?? false)
}

function undeclared(
  secret: Secret,
  path: readonly (string | number)[],
  place: string | undefined,
): InputError {
  return new InputError({
    where: userPlace(),
    what: `${path.join('.')} is the secret ${secret.name}, and the view of the template declares it as text`,
    ...(place === undefined ? {} : { why: `it would be rendered at ${place}` }),
    next: `declare it t.Secret() in the view: the template then gives a Secret`,
  })
}
