import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Static, TObject } from 'typebox'
import { InputError } from '../errors.ts'
import { checkTemplate } from './check.ts'

const folder = join(import.meta.dirname, '..', '..', 'templates')
const require = createRequire(import.meta.url)

/**
 * Loads `templates/NAME`. Every path in it is resolved against the view's schema now, at load; the function renders
 * a view. Not HTML: nothing is escaped. Throws InputError with file:line:column and the names that are known.
 */
export function template<V extends TObject>(name: string, view: V): (values: Static<V>) => string {
  const file = join(folder, name)
  let source: string
  try {
    source = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new InputError({ what: `there is no template templates/${name}`, cause })
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
  checkTemplate(program, view, `templates/${name}`)
  const render = handlebars.compile(program, { strict: true, noEscape: true, knownHelpersOnly: true })
  return (values) => render(values)
}
