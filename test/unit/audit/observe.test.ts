import { expect, test } from 'vitest'
import { type Answers, understand } from '../../../src/audit/observe.ts'
import { notInstalled, questionNames, sudoers } from '../../../src/audit/questions.ts'

const empty = { code: 0, stdout: '', stderr: '' }
const answers = (changed: Answers): Answers => ({
  ...Object.fromEntries(questionNames.map((name) => [name, empty])),
  addresses: { ...empty, stdout: '[]' },
  tables: { ...empty, stdout: '{"nftables":[]}' },
  ...changed,
})

test('what sudo refuses makes a host that cannot be audited where it is needed, and unknown otherwise', () => {
  const refused = { code: 1, stdout: '', stderr: 'sudo: a password is required\n' }
  expect(() => understand(answers({ nft6: refused }))).toThrow(
    'sudo refuses `/usr/sbin/ip6tables-nft-save -c`',
  )
  expect(() => understand(answers({ sockets: refused }))).toThrow('sudo refuses `/usr/bin/ss -Hlntup`')
  expect(understand(answers({ sshd: refused, containers: refused })).unread.map((u) => u.what)).toEqual([
    'containers',
    'sshd',
  ])
})

test('rules that are cut off, and a command that failed, are never a smaller ruleset', () => {
  const cut = { ...empty, stdout: '*filter\n:INPUT DROP [0:0]\n-A INPUT -j ACC' }
  expect(() => understand(answers({ nft4: cut }))).toThrow('iptables-nft-save -c')
  const failed = { code: 4, stdout: '', stderr: 'iptables-nft-save: no such module\n' }
  expect(() => understand(answers({ nft4: failed }))).toThrow('no such module')
  expect(() => understand({})).toThrow('no answer')
})

test('no ipset and no Docker is an answer; no nft is not: its tables cannot be seen', () => {
  const missing = { code: 127, stdout: '', stderr: `${notInstalled}\n` }
  expect(understand(answers({ sets: missing })).unread).toEqual([])
  expect(understand(answers({ containers: { ...empty, code: 4 } })).unread).toEqual([])
  expect(understand(answers({ tables: missing })).unread).toEqual([
    { what: 'tables', why: 'its tool is not installed' },
  ])
})

test('the sudoers lines are whole commands, with what sudoers would read as its own escaped', () => {
  const lines = sudoers('audit').trim().split('\n')
  expect(lines.every((line) => line.startsWith('audit ALL=(root) NOPASSWD: /usr/'))).toBe(true)
  expect(lines.some((line) => line.includes('http\\://docker/containers/json'))).toBe(true)
  expect(lines.join('\n')).not.toMatch(/[*?]/)
})
