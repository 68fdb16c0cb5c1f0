import { expect, test } from 'vitest'
import { InputError } from '#src/errors.ts'
import { evaluate } from '#src/firewall/evaluate.ts'
import type { Packet } from '#src/firewall/packet.ts'
import { parseSets } from '#src/firewall/sets.ts'
import { filter, hostWith, packet } from './load.ts'

/** Is the packet in the set? */
function isIn(text: string, sides: string, more: Partial<Packet> = {}): string {
  const rules = filter(`-A INPUT -m set --match-set s ${sides} -j ACCEPT`, more.family ?? 4, 'DROP')
  const { result } = evaluate(
    hostWith([rules], { sets: parseSets(text) }),
    packet({ destinationPort: 80, ...more }),
  )
  return result
}

test('addresses, networks and exceptions from them', () => {
  const nets =
    'create s hash:net family inet\nadd s 203.0.113.0/24\nadd s 203.0.113.6/31 nomatch\nadd s 203.0.113.6\n'
  expect(isIn(nets, 'src', { source: '203.0.113.1' })).toBe('accept')
  expect(isIn(nets, 'src', { source: '203.0.113.7' })).toBe('drop')
  expect(isIn(nets, 'src', { source: '203.0.113.6' })).toBe('accept')
  expect(isIn('create s hash:ip family inet netmask 24\nadd s 203.0.113.0\n', 'src')).toBe('accept')
})

test('ports go with their protocol', () => {
  const ports = 'create s hash:ip,port family inet\nadd s 203.0.113.7,tcp:80\n'
  expect(isIn(ports, 'src,dst')).toBe('accept')
  expect(isIn(ports, 'src,dst', { protocol: 'udp' })).toBe('drop')
  expect(isIn(ports, 'src,dst', { destinationPort: 81 })).toBe('drop')
  const bitmap = 'create s bitmap:port range 0-65535\nadd s 80\n'
  expect(isIn(bitmap, 'dst', { protocol: 'udp' })).toBe('accept')
  expect(isIn(bitmap, 'dst', { protocol: 'vrrp' })).toBe('drop')
})

test('a set of the other family, or of too many dimensions, holds nothing', () => {
  expect(isIn('create s hash:ip family inet6\n', 'src')).toBe('drop')
  expect(isIn('create s hash:ip,port family inet\nadd s 203.0.113.7,tcp:80\n', 'src')).toBe('drop')
})

test('a list holds what its members hold', () => {
  const list = 'create a hash:ip family inet\nadd a 203.0.113.7\ncreate s list:set size 8\nadd s a\n'
  expect(isIn(list, 'src')).toBe('accept')
  expect(isIn(list, 'src', { source: '203.0.113.8' })).toBe('drop')
})

test('types that are not modelled are unknown', () => {
  expect(isIn('create s hash:mac\nadd s 02:00:00:00:00:01\n', 'src')).toBe('unknown')
  expect(isIn('create s hash:ip family inet bitmask 255.0.255.0\n', 'src')).toBe('unknown')
  expect(isIn('create s hash:ip family inet\nadd s 203.0.1\n', 'src')).toBe('unknown')
})

test.each([
  ['add s 1.2.3.4\n', 'line 1 adds to a set that was not created'],
  ['create s hash:ip\ncreate s hash:ip\n', 'line 2 creates a set for the second time'],
  ['create s\n', 'line 1 is cut off'],
  ['ipset: command not found\n', 'line 1 is nothing that ipset save prints'],
  ['create s hash:ip\nadd s 1.2.3.4 comment "x\n', 'line 2 has an open quote'],
])('%j is refused', (text, message) => {
  expect(() => parseSets(text)).toThrow(InputError)
  expect(() => parseSets(text)).toThrow(message)
})

test('65,536 entries of one address are looked up in a moment', { timeout: 60_000 }, () => {
  const entries = Array.from({ length: 65_536 }, (_, port) => `add s 203.0.113.7,tcp:${port}`)
  const before = process.cpuUsage()
  expect(
    isIn(`create s hash:ip,port family inet\n${entries.join('\n')}\n`, 'src,dst', {
      destinationPort: 65_535,
    }),
  ).toBe('accept')
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(3_000)
})
