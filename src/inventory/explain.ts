import type { ErrorObject } from 'ajv'
import type { Failure } from '../errors.ts'
import { nearest } from '../model/nearest.ts'
import { masked, Secret, toJson } from '../secret/secret.ts'
import type { Path, Where } from './document.ts'
import { valueAt } from './layers.ts'
import { expectation, wordsFor } from './words.ts'

/** A problem with a value; `missing` where nothing was said at all. */
export interface Problem extends Failure {
  readonly missing?: boolean
}

/** Tells validation errors in our own words: where, what was expected, what was found, the nearest valid name. */
export function explain(
  errors: readonly ErrorObject[],
  value: unknown,
  where: Where,
  prefix: Path,
): readonly Problem[] {
  return settled(errors).map((error) => tell(error, value, where, prefix))
}

/** Of a union that nothing fits, what is worth saying: the errors of the branch that was meant, or the union's own. */
function settled(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  // The outermost union first; the unions inside it are settled with its branch.
  const [union] = errors
    .filter((e) => e.keyword === 'anyOf' || e.keyword === 'oneOf')
    .sort((a, b) => a.schemaPath.length - b.schemaPath.length)
  if (!union) return errors
  const isInside = (e: ErrorObject) =>
    e.schemaPath.startsWith(`${union.schemaPath}/`) &&
    `${e.instancePath}/`.startsWith(`${union.instancePath}/`)
  const others = errors.filter((e) => e !== union && !isInside(e))
  const branches = Map.groupBy(errors.filter(isInside), (e) =>
    Number(e.schemaPath.slice(union.schemaPath.length + 1).split('/')[0]),
  )
  const chosen = choose([...branches.values()], union)
  return [...settled(others), ...(chosen ? settled(chosen) : [{ ...union, keyword: 'union' }])]
}

function choose(
  branches: readonly (readonly ErrorObject[])[],
  union: ErrorObject,
): readonly ErrorObject[] | undefined {
  const isOther = (e: ErrorObject) =>
    e.instancePath === union.instancePath && ['type', 'const', 'enum', 'secretText'].includes(e.keyword)
  return branches.filter((errors) => !errors.some(isOther)).sort((a, b) => a.length - b.length)[0]
}

function tell(error: ErrorObject, value: unknown, where: Where, prefix: Path): Problem {
  const path = [...prefix, ...pathOf(error)]
  const name = path.join('.') || 'the file'
  const properties: Readonly<Record<string, unknown>> = error.parentSchema?.properties ?? {}
  if (error.keyword === 'additionalProperties') {
    const key = String(error.params.additionalProperty)
    return {
      where: where([...path, key], true),
      what: `${[...path, key].join('.')} is not known here`,
      next: nearest(key, Object.keys(properties)),
    }
  }
  if (error.keyword === 'required') {
    const key = String(error.params.missingProperty)
    return {
      missing: true,
      where: where(path),
      what: `${[...path, key].join('.')} is required: ${wordsFor(properties[key])}, found nothing`,
    }
  }
  const found = valueAt(value, pathOf(error))
  const choices: readonly unknown[] | undefined = error.parentSchema?.enum
  // Where a secret is wanted, what stands there in plain text may be one.
  const isHidden =
    typeof found === 'string' && JSON.stringify(error.parentSchema ?? {}).includes('secretText')
  return {
    where: isHidden ? where(path).replace(/^(--set [^=]*=).*/s, '$1…') : where(path),
    what: `${name} must ${expectation(error)}, found ${isHidden ? 'plain text' : shown(found)}`,
    next: isHidden
      ? '!secret env:NAME or !secret file:PATH; or let provision keep it: given(…) in the secrets of the role'
      : found instanceof Secret && error.keyword === 'type'
        ? `declare it t.Secret() in the vars of ${path[0]}, where it may be secret`
        : choices && typeof found === 'string' && choices.every((c) => typeof c === 'string')
          ? nearest(found, choices)
          : undefined,
  }
}

/** Short enough for one line; a Secret shows only its name. */
function shown(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  const text = value instanceof Secret ? masked(value) : toJson(value)
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

function pathOf(error: ErrorObject): readonly string[] {
  return error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}
