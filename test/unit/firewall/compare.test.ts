import { expect, test } from 'vitest'
import { compare, diffRules } from '#src/firewall/compare.ts'
import { parseSave } from '#src/firewall/parse.ts'
import { type Policy, render } from '#src/firewall/render.ts'
import { filter } from './load.ts'

const policy: Policy = {
  flows: [
    { from: ['10.0.0.1', '10.0.0.2'], protocol: 'tcp', ports: [2379, 2380], reason: 'etcd' },
    { from: ['10.0.0.1'], protocol: 'vrrp', reason: 'keepalived' },
  ],
  published: [],
  external: ['eth0'],
}
const wanted = parseSave(render(policy, 4), 4)

/** As a kernel prints it, with the jumps; `edit` changes the text of our chains. */
function loaded(
  edit: (rules: string) => string = (rules) => rules,
  jumps = '-A INPUT -j PROVISION-IN\n-A DOCKER-USER -j PROVISION-FWD',
) {
  const rules = render(policy, 4)
    .split('\n')
    .filter((line) => line.startsWith('-A'))
    .join('\n')
    .replaceAll(/-s (\S+) -p (112|vrrp)/g, '-s $1/32 -p 112')
    .replaceAll(/-p tcp -m multiport/g, '-p tcp -m tcp -m multiport')
  return filter(
    `${jumps}\n-A PROVISION-IN -m comment --comment X\n${edit(rules)}`.replace(
      '-A PROVISION-IN -m comment --comment X\n',
      '',
    ),
  )
}
const kinds = (ruleset: ReturnType<typeof loaded>) =>
  compare(ruleset, wanted).map(({ kind, chain, why }) => [kind, chain, ...(why ? [why] : [])].join(' '))

test('other spellings of the same rules are no difference', () => {
  expect(compare(loaded(), wanted)).toEqual([])
  expect(diffRules(loaded(), wanted)).toBe('')
})

test('a rule that was taken away is missing', () => {
  const [difference, ...more] = compare(
    loaded((rules) => rules.replace(/.*etcd.*\n/, '')),
    wanted,
  )
  expect(more).toEqual([])
  expect(difference).toMatchObject({ kind: 'missing', chain: 'PROVISION-IN' })
  expect(difference?.wanted?.text).toContain('-s 10.0.0.1 ')
})

test('a rule that was added is extra, one that is there twice is duplicated', () => {
  const more = (line: string) => loaded((rules) => rules.replace('\n', `\n${line}\n`))
  expect(kinds(more('-A PROVISION-IN -p tcp -m tcp --dport 9999 -j ACCEPT'))).toEqual(['extra PROVISION-IN'])
  expect(kinds(more('-A PROVISION-IN -i lo -j ACCEPT'))).toEqual(['duplicated PROVISION-IN'])
})

test('a changed rule is one difference, which says what changed', () => {
  expect(
    kinds(loaded((rules) => rules.replace('-A PROVISION-IN -j DROP', '-A PROVISION-IN -j ACCEPT'))),
  ).toEqual(['changed PROVISION-IN its target is another'])
  expect(kinds(loaded((rules) => rules.replace('-s 10.0.0.1 ', '')))).toEqual([
    'changed PROVISION-IN its comment is the same, its conditions are not',
  ])
  expect(kinds(loaded((rules) => rules.replace('keepalived', 'someone')))).toEqual([
    'changed PROVISION-IN only its comment is another',
  ])
})

test('an order that changes the effect is a difference', () => {
  const swapped = loaded((rules) =>
    `${rules.replace('-A PROVISION-IN -j DROP\n', '')}`.replace(/^/, '-A PROVISION-IN -j DROP\n'),
  )
  const [difference] = compare(swapped, wanted)
  expect(difference).toMatchObject({ kind: 'reordered', chain: 'PROVISION-IN' })
  expect(difference?.loaded?.text).toBe('-A PROVISION-IN -j DROP')
})

test('an order that changes nothing is none', () => {
  const swapped = loaded((rules) => {
    const lines = rules.split('\n')
    const etcd = lines.findIndex((line) => line.includes('etcd'))
    const [a = '', b = ''] = lines.splice(etcd, 2)
    lines.splice(etcd, 0, b, a)
    return lines.join('\n')
  })
  expect(compare(swapped, wanted)).toEqual([])
})

test('the jumps have to be there, first, and once', () => {
  expect(kinds(loaded(undefined, '-A DOCKER-USER -j PROVISION-FWD'))).toEqual([
    'missing INPUT nothing leads from INPUT to PROVISION-IN',
  ])
  expect(
    kinds(loaded(undefined, '-A INPUT -j ACCEPT\n-A INPUT -j PROVISION-IN\n-A DOCKER-USER -j PROVISION-FWD')),
  ).toEqual(['reordered INPUT -A INPUT -j ACCEPT comes before it'])
  expect(
    kinds(
      loaded(
        undefined,
        '-A INPUT -j LOG\n-A INPUT -j PROVISION-IN\n-A INPUT -j PROVISION-IN\n-A DOCKER-USER -j PROVISION-FWD',
      ),
    ),
  ).toEqual(['duplicated INPUT'])
  expect(
    kinds(loaded(undefined, '-A INPUT -s 10.0.0.0/8 -j PROVISION-IN\n-A DOCKER-USER -j PROVISION-FWD')),
  ).toEqual(['missing INPUT nothing leads from INPUT to PROVISION-IN'])
})

test('the diff shows what differs in the words of the kernel, and nothing else', () => {
  const diff = diffRules(
    loaded((rules) => rules.replace('-A PROVISION-IN -j DROP', '-A PROVISION-IN -j ACCEPT')),
    wanted,
  )
  const changed = diff.split('\n').filter((line) => /^[-+]-A/.test(line))
  expect(changed).toEqual(['--A PROVISION-IN -j ACCEPT', '+-A PROVISION-IN -j DROP'])
})

test('20,000 rules in reverse are compared in two seconds', { timeout: 120_000 }, () => {
  const rules = (sign: number) =>
    filter(
      Array.from({ length: 20_000 }, (_, n) => {
        const port = sign > 0 ? n : 19_999 - n
        return `-A PROVISION-IN -p tcp -m tcp --dport ${port} -j ${port % 2 ? 'ACCEPT' : 'DROP'}`
      }).join('\n'),
    )
  const [one, other] = [rules(1), rules(-1)]
  const before = process.cpuUsage()
  compare(one, other, [])
  diffRules(one, other, [])
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(4_000)
})
