import { parse } from 'yaml'
import { InputError } from '../errors.ts'
import type { Layer } from './layers.ts'

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
    value: path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), parsed(value)),
    where: () => `--set ${text}`,
  }
}

function parsed(text: string): unknown {
  try {
    return parse(text)
  } catch {
    return text
  }
}
