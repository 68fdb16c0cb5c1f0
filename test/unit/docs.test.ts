import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withPorts } from '../../docs/write-ports.ts'

test('the port map of docs/ha-design.md is that of the port matrix (npm run docs)', () => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'ha-design.md'), 'utf8')
  expect(text).toBe(withPorts(text))
  expect(text).toContain('| peers | tcp | 2379, 2380 |')
})
