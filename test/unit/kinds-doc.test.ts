import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..')

test('docs/kinds.md has every constructor that src/index.ts exports', () => {
  const index = readFileSync(join(root, 'src/index.ts'), 'utf8')
  const exported = [...index.matchAll(/^export \{ (.+) \} from '\.\/resources\//gm)]
    .flatMap(([, names = '']) => names.split(', '))
    .filter((name) => !name.startsWith('type '))
  expect(exported.length).toBeGreaterThan(25)
  const doc = readFileSync(join(root, 'docs/kinds.md'), 'utf8')
  expect(exported.filter((name) => !new RegExp(`\`${name}[(\`]|\\b${name}\``).test(doc))).toEqual([])
})
