import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Static, TObject } from 'typebox'
import { InputError, userPlace } from '../errors.ts'
import { Secret } from '../secret/secret.ts'
import { checkTemplate } from './check.ts'
import { hasSecret, openView } from './view.ts'

const folder = join(import.meta.dirname, '..', '..', 'templates')
const require = createRequire(import.meta.url)

/** Is there a Secret anywhere in a view? */
type Holds<T> = T extends Secret
  ? true
  : T extends readonly (infer Item)[]
    ? Holds<Item>
    : T extends object
      ? { [K in keyof T]-?: Holds<NonNullable<T[K]>> }[keyof T]
      : false

/** What a template of a view gives: a Secret where the view has one. */
export type Rendered<V extends TObject> = true extends Holds<Static<V>> ? Secret : string

/**
 * Loads `templates/NAME`. Every path in it is resolved against the view's schema now, at load; the function renders
 * a view. Not HTML: nothing is escaped. A view that declares a `t.Secret()` gives a Secret. Throws InputError with
 * file:line:column and the names that are known; the function throws it for a Secret that the view does not declare.
 */
export function template<V extends TObject>(name: string, view: V): (values: Static<V>) => Rendered<V> {
  const file = join(folder, name)
  let source: string
  try {
    source = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new InputError({ where: userPlace(), what: `there is no template templates/${name}`, cause })
  }
  // Required, not imported: a run that renders nothing does not pay for Handlebars at start.
  const handlebars = require('handlebars') as typeof import('handlebars')
  let program: hbs.AST.Program
  try {
    program = handlebars.parse(source)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new InputError({ where: `templates/${name}`, what: 'the template cannot be parsed', why, cause })
  }
  const uses = checkTemplate(program, view, `templates/${name}`)
  const render = handlebars.compile(program, { strict: true, noEscape: true, knownHelpersOnly: true })
  return (values) => {
    const opened = openView(values, view, uses)
    const text = render(opened.values)
    if (opened.names.length === 0 && !hasSecret(view)) return text as Rendered<V>
    const names = opened.names.join(', ')
    return new Secret(`${name} (${names})`, text, `‹secret templates/${name} with ${names}›`) as Rendered<V>
  }
}
