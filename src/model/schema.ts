import type { TSchema, TUnsafe } from 'typebox'
import type { Secret } from '../secret/secret.ts'

/** The builders of TypeBox that roles use: its types, and plain JSON Schema at run time. */
interface Builders extends Plain {
  /**
   * What must never be seen: the role gets a `Secret`. In an inventory it stands as `!secret env:NAME` or `!secret file:PATH`; plain
   * text is refused, since an inventory is committed. Rules such as `minLength` and `pattern` are for the value.
   */
  Secret(options?: Omit<Options, 'default'>): TUnsafe<Secret>
}

type Plain = Pick<
  typeof import('typebox'),
  | 'Object'
  | 'String'
  | 'Integer'
  | 'Number'
  | 'Boolean'
  | 'Literal'
  | 'Array'
  | 'Union'
  | 'Optional'
  | 'Record'
  | 'Unknown'
>

type Options = Readonly<Record<string, unknown>>

/** Schemas that `Optional` has marked; an object does not require them. */
const optional = new WeakSet<object>()

/**
 * Schemas of vars and views. TypeBox gives the types; its run time is left out, because loading its 700 files would
 * cost every run 55 ms (measured; a converged run takes 250). A test holds the two to the same JSON Schema.
 */
const builders = {
  Object: (properties: Readonly<Record<string, object>>, options?: Options) => {
    const required = Object.keys(properties).filter((key) => !optional.has(properties[key] ?? {}))
    return { type: 'object', ...(required.length > 0 ? { required } : {}), properties, ...options }
  },
  String: (options?: Options) => ({ type: 'string', ...options }),
  // writeOnly is JSON Schema's own word for a value that is given and never shown.
  Secret: (options?: Options) => ({ type: 'string', writeOnly: true, ...options }),
  Integer: (options?: Options) => ({ type: 'integer', ...options }),
  Number: (options?: Options) => ({ type: 'number', ...options }),
  Boolean: (options?: Options) => ({ type: 'boolean', ...options }),
  Literal: (value: unknown, options?: Options) => ({ type: typeof value, const: value, ...options }),
  Array: (items: object, options?: Options) => ({ type: 'array', items, ...options }),
  Union: (anyOf: readonly object[], options?: Options) => ({ anyOf, ...options }),
  Unknown: (options?: Options) => ({ ...options }),
  Record: (_key: object, value: object, options?: Options) => ({
    type: 'object',
    patternProperties: { '^.*$': value },
    ...options,
  }),
  Optional: (schema: TSchema) => {
    const copy = { ...schema }
    optional.add(copy)
    return copy
  },
}

// The same JSON Schema as TypeBox's own builders make (schema.test.ts), so its types tell the truth.
export const t = builders as unknown as Builders

/** Is it a schema of `t.Secret()`? */
export function isSecretSchema(schema: unknown): boolean {
  return (schema as { readonly writeOnly?: unknown } | undefined)?.writeOnly === true
}
