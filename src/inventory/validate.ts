import { createRequire } from 'node:module'
import type { Ajv } from 'ajv'
import { Secret } from '../secret/secret.ts'
import type { Path, Where } from './document.ts'
import { explain, type Problem } from './explain.ts'
import { isPlainMap } from './layers.ts'

const require = createRequire(import.meta.url)
let ajv: Ajv | undefined
let hasFormats = false

/** Checks a value against a JSON schema. Gives every problem, in our words, with its place. */
export function problems(schema: object, value: unknown, where: Where, prefix: Path): readonly Problem[] {
  const check = validatorFor(schema).compile(schema)
  return check(value) ? [] : explain(check.errors ?? [], value, where, prefix)
}

/** The same, with defaults filled into a copy, and with a Secret standing where text is wanted. */
export function completed(
  schema: object,
  value: unknown,
  where: Where,
  prefix: Path,
): { readonly value: unknown; readonly failures: readonly Problem[] } {
  const copy = masked(value)
  const check = validatorFor(schema).compile(schema)
  const failures = check(copy) ? [] : explain(check.errors ?? [], value, where, prefix)
  return { value: unmasked(copy, value), failures }
}

/** Loaded when first needed: `provision --help` must not wait for it. */
function validatorFor(schema: object): Ajv {
  if (!ajv) {
    const { Ajv: Class } = require('ajv') as typeof import('ajv')
    ajv = new Class({
      allErrors: true,
      useDefaults: true,
      strict: false,
      verbose: true,
      validateSchema: false,
      // Optimised code saves microseconds of a run, and takes a twentieth of a second to make.
      code: { optimize: false },
    })
  }
  if (!hasFormats && JSON.stringify(schema).includes('"format":')) {
    const formats = require('ajv-formats') as { default: (ajv: Ajv) => void }
    formats.default(ajv)
    hasFormats = true
  }
  return ajv
}

function masked(value: unknown): unknown {
  if (value instanceof Secret) return 'secret'
  if (Array.isArray(value)) return value.map(masked)
  if (!isPlainMap(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, masked(inner)]))
}

function unmasked(copy: unknown, original: unknown): unknown {
  if (original instanceof Secret) return original
  if (Array.isArray(copy) && Array.isArray(original)) return copy.map((v, i) => unmasked(v, original[i]))
  if (!isPlainMap(copy) || !isPlainMap(original)) return copy
  return Object.fromEntries(Object.entries(copy).map(([key, inner]) => [key, unmasked(inner, original[key])]))
}
