import { expect, test } from 'vitest'
import { shadows } from '#src/firewall/shadow.ts'
import { filter } from './load.ts'

const found = (rules: string) =>
  shadows(filter(rules)).found.map(
    ({ kind, rule, by }) => `${kind} ${rule.chain} ${rule.position} by ${by.position}`,
  )

test('a rule behind one that takes all is shadowed', () => {
  expect(found('-A INPUT -j DROP\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT')).toEqual([
    'shadowed INPUT 2 by 1',
  ])
})

test.each([
  ['a smaller network', '-s 10.0.0.0/8 -j DROP', '-s 10.1.0.0/16 -p tcp -j ACCEPT'],
  ['a port of a list', '-p tcp -m multiport --dports 20:30,80 -j DROP', '-p tcp -m tcp --dport 22 -j ACCEPT'],
  [
    'fewer states',
    '-m conntrack --ctstate NEW,INVALID -j DROP',
    '-m conntrack --ctstate NEW -s 10.0.0.1 -j ACCEPT',
  ],
  ['an interface of many', '-i eth+ -j DROP', '-i eth0 -j ACCEPT'],
  ['the same set', '-m set --match-set a src -j DROP', '-m set --match-set a src -p tcp -j ACCEPT'],
])('%s is inside', (_, wide, narrow) => {
  expect(found(`-A INPUT ${wide}\n-A INPUT ${narrow}`)).toEqual(['shadowed INPUT 2 by 1'])
})

test.each([
  ['a larger network', '-s 10.1.0.0/16 -j DROP', '-s 10.0.0.0/8 -j ACCEPT'],
  ['another protocol', '-p udp -m udp --dport 53 -j DROP', '-p tcp -m tcp --dport 53 -j ACCEPT'],
  ['a rule that only logs', '-j LOG', '-p tcp -j ACCEPT'],
  ['a limit', '-m limit --limit 1/sec -j DROP', '-m limit --limit 1/sec -p tcp -j ACCEPT'],
  ['what is not modelled', '-m time --timestart 1:00 -j DROP', '-m time --timestart 1:00 -p tcp -j ACCEPT'],
  [
    'a mark, which may change in between',
    '-m mark --mark 0x1 -j DROP',
    '-m mark --mark 0x1 -p tcp -j ACCEPT',
  ],
  ['a negation', '! -s 10.0.0.0/8 -j DROP', '-s 10.0.0.0/8 -j ACCEPT'],
  ['a chain that may come back', '-j OURS', '-p tcp -j ACCEPT'],
])('%s shadows nothing', (_, wide, narrow) => {
  expect(found(`-A INPUT ${wide}\n-A INPUT ${narrow}\n-A OURS -p udp -j DROP`)).toEqual([])
})

test('a chain that nothing comes back from takes all', () => {
  expect(
    found(
      '-A INPUT -p tcp -j OURS\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n-A OURS -j LOG\n-A OURS -j DROP',
    ),
  ).toEqual(['shadowed INPUT 2 by 1'])
})

test('a goto takes all that it matches', () => {
  expect(found('-A INPUT -p tcp -g OURS\n-A INPUT -p tcp -j ACCEPT\n-A OURS -p udp -j DROP')).toEqual([
    'shadowed INPUT 2 by 1',
  ])
})

test('the same rule twice is a duplicate, whatever its comment', () => {
  expect(
    found('-A INPUT -p tcp -m comment --comment a -j ACCEPT\n-A INPUT -p 6 -m comment --comment b -j ACCEPT'),
  ).toEqual(['duplicate INPUT 2 by 1'])
})

test('a set that a rule changes is not the same set for the next rule', () => {
  expect(
    found(
      '-A INPUT -m set --match-set a src -j DROP\n-A INPUT -j SET --add-set a src\n-A INPUT -m set --match-set a src -p tcp -j ACCEPT',
    ),
  ).toEqual([])
})

test('20,000 rules are searched in a second, or it is said that not all were', { timeout: 120_000 }, () => {
  const many = (line: (n: number) => string) =>
    filter(Array.from({ length: 20_000 }, (_, n) => `-A INPUT ${line(n)}`).join('\n'))
  const usual = many((n) => `-s 10.${n >> 8}.${n & 255}.0/24 -p tcp -m tcp --dport ${n} -j ACCEPT`)
  const worst = many((n) => `-p tcp -m multiport --dports ${n},${n + 2} -j ACCEPT`)
  const before = process.cpuUsage()
  expect(shadows(usual).complete).toBe(true)
  expect(shadows(worst).complete).toBe(false)
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(4_000)
})
