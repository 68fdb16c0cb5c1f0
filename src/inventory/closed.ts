const cache = new WeakMap<object, object>()

/** Keywords whose value is a map of names to schemas; the names are no keywords. */
const named = new Set(['properties', 'patternProperties', 'definitions', '$defs'])
const nested = new Set(['items', 'additionalProperties', 'anyOf', 'oneOf', 'allOf', 'not', 'prefixItems'])

/**
 * Objects that list their properties take no others, at any depth: a slip of the hand is an error, not a default.
 * The answer is cached, so that a validator is compiled once for all hosts.
 */
export function closed(schema: object): object {
  const known = cache.get(schema)
  if (known) return known
  const answer = close(schema, true)
  cache.set(schema, answer)
  return answer
}

function close(schema: object, isWhole: boolean): object {
  const entries = Object.entries(schema).map(([keyword, value]): [string, unknown] => {
    if (named.has(keyword) && isObject(value))
      return [keyword, Object.fromEntries(Object.entries(value).map(([name, s]) => [name, inner(s, true)]))]
    // A part of an intersection must let the properties of the other parts pass.
    return nested.has(keyword) ? [keyword, inner(value, keyword !== 'allOf')] : [keyword, value]
  })
  const answer: Record<string, unknown> = Object.fromEntries(entries)
  if (!isWhole || 'additionalProperties' in schema) return answer
  const parts: readonly unknown[] = 'allOf' in schema && Array.isArray(schema.allOf) ? schema.allOf : []
  const maps = parts.flatMap((part) =>
    isObject(part) && 'properties' in part && isObject(part.properties) ? [part.properties] : [],
  )
  if (parts.length > 0 && maps.length === parts.length) {
    const names = maps.flatMap((map) => Object.keys(map))
    const own = isObject(answer.properties) ? answer.properties : {}
    answer.properties = { ...Object.fromEntries(names.map((name) => [name, {}])), ...own }
  }
  return 'properties' in answer ? { ...answer, additionalProperties: false } : answer
}

function inner(value: unknown, isWhole: boolean): unknown {
  if (Array.isArray(value)) return value.map((v) => inner(v, isWhole))
  return isObject(value) ? close(value, isWhole) : value
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
