import { closed } from './closed.ts'
import type { VarsOwner } from './load.ts'
import { anyVars, connectionSchema, inventoryShape } from './schema.ts'

/** The JSON schema of an inventory file, for editors: the vars of every role given, or any vars where none is. */
export function inventorySchema(roles: readonly VarsOwner[]): object {
  const properties = Object.fromEntries(
    roles
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map((role) => [role.name, partial(closed(role.vars))]),
  )
  const vars = roles.length > 0 ? { ...anyVars, additionalProperties: false, properties } : anyVars
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    ...inventoryShape({ $ref: '#/definitions/vars' }, { $ref: '#/definitions/connection' }),
    definitions: { vars, connection: connectionSchema },
  }
}

/** One level may say a part of what all levels say together, so nothing is required; list items do not merge. */
function partial(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return schema
  const { required: _, ...rest } = schema as Readonly<Record<string, unknown>>
  if (typeof rest.properties !== 'object' || rest.properties === null) return schema
  return {
    ...rest,
    properties: Object.fromEntries(Object.entries(rest.properties).map(([key, s]) => [key, partial(s)])),
  }
}
