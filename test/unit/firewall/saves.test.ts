import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { evaluate } from '#src/firewall/evaluate.ts'
import type { LoadedHost } from '#src/firewall/packet.ts'
import { parseSave } from '#src/firewall/parse.ts'
import { parseSets } from '#src/firewall/sets.ts'
import { shadows } from '#src/firewall/shadow.ts'
import { hostWith, packet } from './load.ts'

const read = (name: string) => readFileSync(join(import.meta.dirname, 'saves', name), 'utf8')
const routes = [
  { network: '0.0.0.0/0', interface: 'eth0' },
  { network: '::/0', interface: 'eth0' },
]

function host(name: string, more: Partial<LoadedHost> = {}): LoadedHost {
  const rulesets = [parseSave(read(`${name}.v4`), 4)]
  if (name !== 'kube-proxy') rulesets.push(parseSave(read(`${name}.v6`), 6))
  return hostWith(rulesets, { routes, ...more })
}
const to = (destinationPort: number, more = {}) => packet({ destinationPort, ...more })

test('ufw: what it allows is open, what it limits is limited, all else is closed', () => {
  const ufw = host('ufw')
  expect(evaluate(ufw, to(22)).result).toBe('accept')
  expect(evaluate(ufw, to(2222))).toMatchObject({ result: 'accept', limited: true })
  expect(evaluate(ufw, to(5432)).result).toBe('drop')
  expect(evaluate(ufw, to(5432, { source: '198.51.100.9' })).result).toBe('accept')
  expect(evaluate(ufw, to(113)).result).toBe('reject')
  expect(evaluate(ufw, to(60500, { protocol: 'udp' })).result).toBe('accept')
  expect(
    evaluate(ufw, to(22, { family: 6, source: '2001:db8:5::7', destination: '2001:db8::10' })).result,
  ).toBe('accept')
})

test('firewalld: ports of a zone are open, a rich rule only for its source', () => {
  const firewalld = host('firewalld', { sets: parseSets(read('firewalld.sets')) })
  expect(evaluate(firewalld, to(5432)).result).toBe('accept')
  expect(evaluate(firewalld, to(5433)).result).toBe('reject')
  expect(evaluate(firewalld, to(9100, { source: '198.51.100.9' })).result).toBe('reject')
  expect(evaluate(firewalld, to(9100, { source: '203.0.113.9' })).result).toBe('accept')
  const forwarded = evaluate(firewalld, to(8080))
  expect(forwarded).toMatchObject({ way: 'forward', rewritten: { destination: '10.0.0.5', port: 80 } })
})

test('docker: a published port is open to all but whom DOCKER-USER drops', () => {
  const docker = host('docker', {
    interfaces: [
      { name: 'eth0', addresses: ['192.0.2.10/24'] },
      { name: 'docker0', addresses: ['172.17.0.1/16'] },
      { name: 'br-15b6832355ff', addresses: ['172.20.0.1/16'] },
    ],
  })
  const web = evaluate(docker, to(8080))
  expect(web).toMatchObject({
    result: 'accept',
    way: 'forward',
    rewritten: { destination: '172.17.0.2', port: 80 },
  })
  expect(evaluate(docker, to(15432))).toMatchObject({
    result: 'accept',
    rewritten: { destination: '172.20.0.2' },
  })
  expect(evaluate(docker, to(8080, { source: '198.51.100.9' })).result).toBe('drop')
})

test('fail2ban: who is banned is rejected, by rules and by a set', () => {
  const banned = host('fail2ban', { sets: parseSets(read('fail2ban.sets')) })
  expect(evaluate(banned, to(22)).result).toBe('reject')
  expect(evaluate(banned, to(22, { source: '203.0.113.8' })).result).toBe('accept')
})

test('kube-proxy: a node port leads to one of the pods, whichever', () => {
  const kube = host('kube-proxy')
  const pod = evaluate(kube, to(30080))
  expect(pod).toMatchObject({ result: 'accept', way: 'forward', rewritten: { port: 8080 } })
  expect(pod.rewritten?.destination).toBeUndefined()
  expect(evaluate(kube, to(30100)).result).toBe('reject')
})

test('of the rules of others none is called shadowed that is not', () => {
  const found = ['ufw', 'docker', 'fail2ban'].flatMap((name) =>
    shadows(parseSave(read(`${name}.v4`), 4)).found.map(({ kind, rule }) => `${name}: ${kind} ${rule.text}`),
  )
  expect(found).toEqual([])
})
