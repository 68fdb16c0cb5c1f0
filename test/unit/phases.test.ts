import { expect, test } from 'vitest'
import { phasesOf } from '../../src/cli/phases.ts'
import { playbook } from '../../src/model/playbook.ts'

const play = (phase: string) => ({ phase, on: 'all', roles: [] })
const site = playbook('site', play('a'), play('b'), play('b'), play('c'))

test('from and until are both included; without either all may change', () => {
  expect(phasesOf(site, {})).toBeUndefined()
  expect([...(phasesOf(site, { from: 'b' }) ?? [])]).toEqual(['b', 'c'])
  expect([...(phasesOf(site, { until: 'b' }) ?? [])]).toEqual(['a', 'b'])
  expect([...(phasesOf(site, { from: 'b', until: 'b' }) ?? [])]).toEqual(['b'])
})

test('a phase that is not there, or an order that is none, is an error of input', () => {
  expect(() => phasesOf(site, { from: 'x' })).toThrow(/site has no phase x[\s\S]*a, b, c/)
  expect(() => phasesOf(site, { from: 'c', until: 'a' })).toThrow(/comes after/)
})
