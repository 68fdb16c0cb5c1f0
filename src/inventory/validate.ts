import { createRequire } from 'node:module'
import type { Ajv, ErrorObject } from 'ajv'
import { closest } from 'fastest-levenshtein'
import type { Failure } from '../errors.ts'
import { Secret } from '../secret/secret.ts'
import type { Path } from './document.ts'

const require = createRequire(import.meta.url)
let ajv: Ajv | undefined

/** Where a value at a path stands, or its key. */
export type Where = (path: Path, ofKey?: boolean) => string

/**
 * Checks a value against a JSON schema, filling in defaults. Gives every problem, in our words, with its place.
 * `value` is changed in place by the defaults.
 */
export function problems(schema: object, value: unknown, where: Where, prefix: Path): readonly Failure[] {
  const check = validator().compile(schema)
  if (check(masked(value))) {
    // Once more on the real value, only to fill in defaults: a Secret stands where text is wanted.
    check(value)
    return []
  }
  return (check.errors ?? []).filter(isTelling).map((error) => tell(error, where, prefix))
}

function validator(): Ajv {
  if (ajv) return ajv
  const { Ajv: Class } = require('ajv') as typeof import('ajv')
  ajv = new Class({ allErrors: true, useDefaults: true, strict: false, verbose: true })
  const formats = require('ajv-formats') as { default: (ajv: Ajv) => void }
  formats.default(ajv)
  return ajv
}

/** The branches of a union say less than the errors inside the branch that was meant. */
function isTelling(error: ErrorObject): boolean {
  return error.keyword !== 'anyOf' && !(error.keyword === 'type' && error.params.type === 'null')
}

function tell(error: ErrorObject, where: Where, prefix: Path): Failure {
  const path = [...prefix, ...error.instancePath.split('/').slice(1).map(unpointer)]
  const name = path.join('.') || 'the file'
  const found = `found ${JSON.stringify(error.data)?.slice(0, 80)}`
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(error.params.additionalProperty)
      const known = Object.keys((error.parentSchema as { properties?: object } | undefined)?.properties ?? {})
      const near = nearest(key, known)
      return {
        where: where([...path, key], true),
        what: `${[...path, key].join('.')} is not known here`,
        next: near ?? `known here: ${known.join(', ')}`,
      }
    }
    case 'required':
      return { where: where(path), what: `${[...path, error.params.missingProperty].join('.')} is required` }
    case 'type':
      return { where: where(path), what: `${name} must be ${article(String(error.params.type))}, ${found}` }
    case 'const':
      return {
        where: where(path),
        what: `${name} must be ${JSON.stringify(error.params.allowedValue)}, ${found}`,
      }
    case 'enum':
      return {
        where: where(path),
        what: `${name} must be one of ${error.params.allowedValues.join(', ')}, ${found}`,
      }
    case 'format':
      return { where: where(path), what: `${name} must be ${article(String(error.params.format))}, ${found}` }
    default:
      return { where: where(path), what: `${name} ${error.message}, ${found}` }
  }
}

/** `did you mean …?`, when something is near enough to be a slip of the hand. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined
  return `did you mean ${closest(name, known)}? Known here: ${known.join(', ')}`
}

function article(type: string): string {
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`
}

function unpointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~')
}

function masked(value: unknown): unknown {
  if (value instanceof Secret) return 'secret'
  if (Array.isArray(value)) return value.map(masked)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, masked(inner)]))
}
