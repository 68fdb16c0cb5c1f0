import { parse, parseDocument } from 'yaml'
import { InputError } from '../errors.ts'
import type { Layer } from './layers.ts'
import { secretTag } from './secret-tag.ts'

/** `--set role.key=value`, the strongest level; the value is YAML, as in the inventory; what is none is text. */
export function setLayer(text: string): Layer {
  const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  const path = name.split('.')
  if (path.length < 2 || path.includes(''))
    throw new InputError({
      where: `--set ${text}`,
      what: `--set must be role.key=value, found ${JSON.stringify(text)}`,
    })
  return {
    level: '--set',
    value: path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), parsed(value, name)),
    where: () => `--set ${text}`,
  }
}

/** Paths of `!secret file:PATH` are relative to where we are: no inventory has them. */
function parsed(text: string, name: string): unknown {
  if (!text.startsWith('!secret ')) {
    try {
      return parse(text)
    } catch {
      return text
    }
  }
  const document = parseDocument(text, { customTags: [secretTag(process.cwd())] })
  const [fault] = [...document.errors, ...document.warnings]
  if (fault) throw new InputError({ where: `--set ${name}`, what: fault.message.split(' at line')[0] ?? '' })
  return document.toJS()
}
