import { expect, test } from 'vitest'
import { postgresPages } from '../../../roles/sheets/looks.ts'
import type { Host } from '../../../src/model/host.ts'

const host = { name: 'h1', address: '10.0.0.1' } as Host
const { gets, wrong } = postgresPages(host, 3)
const config = (mode: string) => JSON.stringify({ synchronous_mode: mode })
const standby = JSON.stringify({ state: 'running', role: 'replica', replication_state: 'streaming' })
const primary = JSON.stringify({ state: 'running', role: 'primary' })
const cluster = (role: string, other = 'streaming') =>
  JSON.stringify({
    members: [
      { name: 'h1', role, state: role === 'leader' ? 'running' : 'streaming' },
      {
        name: 'h2',
        role: role === 'leader' ? 'quorum_standby' : 'leader',
        state: role === 'leader' ? other : 'running',
      },
      { name: 'h3', role: 'quorum_standby', state: other },
    ],
  })

test('three pages of this member, and what they say together', () => {
  expect(gets.map((get) => get.url)).toEqual(
    ['/patroni', '/cluster', '/config'].map((p) => `https://10.0.0.1:8008${p}`),
  )
  expect(wrong([primary, cluster('leader'), config('quorum')])).toBeUndefined()
  expect(wrong([standby, cluster('quorum_standby'), config('quorum')])).toBeUndefined()
})

test('a standby that commits do not wait for does not count where they wait for a quorum', () => {
  expect(wrong([standby, cluster('replica'), config('quorum')])).toBe('this member: down')
  expect(wrong([standby, cluster('replica'), config('off')])).toBeUndefined()
})

test('silence, a start and a member that is missing', () => {
  expect(wrong([undefined, undefined, undefined])).toBe('this member: down')
  expect(wrong([JSON.stringify({ state: 'starting' }), cluster('leader'), config('quorum')])).toBe(
    'this member: down',
  )
  expect(wrong([primary, cluster('leader', 'starting'), config('quorum')])).toBe(
    'leaders and healthy members: 1 1',
  )
})
