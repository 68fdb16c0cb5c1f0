import { createRequire } from 'node:module'
import type { Ajv } from 'ajv'
import { isSecretSchema } from '../model/schema.ts'
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

/** The same, with defaults filled into a copy. A Secret may stand where the schema has `t.Secret()`, and nothing else may. */
export function completed(
  schema: object,
  value: unknown,
  where: Where,
  prefix: Path,
): { readonly value: unknown; readonly failures: readonly Problem[] } {
  const copy = withTokens(value)
  const strict = withSecrets(schema)
  const check = validatorFor(strict).compile(strict)
  const failures = check(copy) ? [] : explain(check.errors ?? [], value, where, prefix)
  return { value: withoutTokens(copy, value, prefix), failures }
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
  if (!ajv.getKeyword('secretText'))
    ajv.addKeyword({
      keyword: 'secretText',
      compile(rules: object) {
        const fits = ajv?.compile({ type: 'string', ...rules })
        return (data: unknown) => typeof data === 'function' && fits?.((data as Token)().reveal()) === true
      },
    })
  if (!hasFormats && JSON.stringify(schema).includes('"format":')) {
    const formats = require('ajv-formats') as { default: (ajv: Ajv) => void }
    formats.default(ajv)
    hasFormats = true
  }
  return ajv
}

/** Stands for a Secret while a value is checked: of no type that a schema can name. */
type Token = () => Secret

function withTokens(value: unknown): unknown {
  if (value instanceof Secret) return () => value
  if (Array.isArray(value)) return value.map(withTokens)
  if (!isPlainMap(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withTokens(inner)]))
}

/** A Secret is called by the var that has it, and by where its value comes from. */
function withoutTokens(copy: unknown, original: unknown, path: Path): unknown {
  if (original instanceof Secret) return new Secret(`${path.join('.')} (${original.name})`, original.reveal())
  if (Array.isArray(copy) && Array.isArray(original))
    return copy.map((v, i) => withoutTokens(v, original[i], [...path, i]))
  if (!isPlainMap(copy) || !isPlainMap(original)) return copy
  return Object.fromEntries(
    Object.entries(copy).map(([key, inner]) => [key, withoutTokens(inner, original[key], [...path, key])]),
  )
}

const rewritten = new WeakMap<object, object>()

/** The schema as values are checked by it: in the place of each `t.Secret()` a rule of our own. */
function withSecrets(schema: object): object {
  const known = rewritten.get(schema)
  if (known) return known
  const answer = rewrite(schema) as object
  rewritten.set(schema, answer)
  return answer
}

function rewrite(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(rewrite)
  if (typeof schema !== 'object' || schema === null) return schema
  if (isSecretSchema(schema)) {
    const { type: _, writeOnly: __, description: ___, ...rules } = schema as Readonly<Record<string, unknown>>
    return { secretText: rules }
  }
  return Object.fromEntries(Object.entries(schema).map(([key, inner]) => [key, rewrite(inner)]))
}
