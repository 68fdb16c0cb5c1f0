import type { ErrorObject } from 'ajv'
import { isSecretSchema } from '../model/schema.ts'

const types: Readonly<Record<string, string>> = {
  string: 'text',
  object: 'a map',
  array: 'a list',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  null: 'nothing',
}

/** What completes `NAME must …`. */
export function expectation({ keyword, params, schema, parentSchema }: ErrorObject): string {
  switch (keyword) {
    case 'secretText':
      return Object.keys(schema as object).length > 0
        ? `be a secret that fits ${JSON.stringify(schema)}`
        : 'be a secret'
    case 'type':
    case 'union':
    case 'const':
    case 'enum':
      return `be ${wordsFor(parentSchema)}`
    case 'minLength':
      return schema === 1 ? 'not be empty' : `have at least ${schema} characters`
    case 'maxLength':
      return `have at most ${schema} characters`
    case 'minItems':
      return schema === 1 ? 'not be empty' : `have at least ${schema} items`
    case 'maxItems':
      return `have at most ${schema} items`
    case 'uniqueItems':
      return 'hold no item twice'
    case 'minProperties':
      return `have at least ${schema} keys`
    case 'maxProperties':
      return `have at most ${schema} keys`
    case 'minimum':
      return `be at least ${schema}`
    case 'maximum':
      return `be at most ${schema}`
    case 'exclusiveMinimum':
      return `be more than ${schema}`
    case 'exclusiveMaximum':
      return `be less than ${schema}`
    case 'multipleOf':
      return `be a multiple of ${schema}`
    case 'pattern':
      return `match ${schema}`
    case 'format':
      return `be text of the form ${schema}`
    case 'propertyNames':
      return `have other keys than ${params.propertyName}`
    default:
      return `fit the rule ${keyword}`
  }
}

/** A schema in words: `text`, `a whole number`, `ssh or local`. */
export function wordsFor(schema: unknown): string {
  if (typeof schema !== 'object' || schema === null) return 'a value'
  const s = schema as Readonly<Record<string, unknown>>
  const branches = s.anyOf ?? s.oneOf
  if (Array.isArray(branches)) return [...new Set(branches.map(wordsFor))].join(' or ')
  if ('secretText' in s || isSecretSchema(s)) return 'a secret'
  if ('const' in s) return plain(s.const)
  if (Array.isArray(s.enum)) return s.enum.map(plain).join(' or ')
  if (Array.isArray(s.type)) return s.type.map((t) => types[String(t)] ?? String(t)).join(' or ')
  return types[String(s.type)] ?? 'a value'
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
