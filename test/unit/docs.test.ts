import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findingsDocument } from '../../docs/write-findings.ts'
import { withPorts } from '../../docs/write-ports.ts'
import { withSudoers } from '../../docs/write-sudoers.ts'

const docs = join(import.meta.dirname, '..', '..', 'docs')

test('the port map of docs/ha-design.md is that of the port matrix (npm run docs)', () => {
  const text = readFileSync(join(docs, 'ha-design.md'), 'utf8')
  expect(text).toBe(withPorts(text))
  expect(text).toContain('| peers | tcp | 2379, 2380 |')
})

test('docs/firewall-findings.md is what the catalogue says (npm run docs)', () => {
  expect(readFileSync(join(docs, 'firewall-findings.md'), 'utf8')).toBe(findingsDocument())
})

test('docs/firewall-audit.md has the sudoers lines that the audit needs (npm run docs)', () => {
  const text = readFileSync(join(docs, 'firewall-audit.md'), 'utf8')
  expect(text).toBe(withSudoers(text))
  expect(text).toContain('audit ALL=(root) NOPASSWD: /usr/sbin/iptables-nft-save -c\n')
})
