import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findingsDocument } from '../../docs/write-findings.ts'
import { withPorts } from '../../docs/write-ports.ts'

const docs = join(import.meta.dirname, '..', '..', 'docs')

test('the port map of docs/ha-design.md is that of the port matrix (npm run docs)', () => {
  const text = readFileSync(join(docs, 'ha-design.md'), 'utf8')
  expect(text).toBe(withPorts(text))
  expect(text).toContain('| peers | tcp | 2379, 2380 |')
})

test('docs/firewall-findings.md is what the catalogue says (npm run docs)', () => {
  expect(readFileSync(join(docs, 'firewall-findings.md'), 'utf8')).toBe(findingsDocument())
})
