import { expect, test } from 'vitest'
import { votersOf } from '../../../roles/sheets/voters.ts'
import type { Host } from '../../../src/index.ts'

const hosts = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name }) as Host)
const names = (count: number, voters?: readonly string[]) =>
  votersOf(hosts.slice(0, count), voters ? { voters } : {}).map((h) => h.name)

test('all vote unless some are named; in the order of the inventory', () => {
  expect(names(3)).toEqual(['a', 'b', 'c'])
  expect(names(5)).toEqual(['a', 'b', 'c', 'd', 'e'])
  expect(names(4, ['d', 'a', 'b'])).toEqual(['a', 'b', 'd'])
})

test('two are what is left of three; four are refused with the sum and the way out', () => {
  expect(names(2)).toEqual(['a', 'b'])
  expect(() => names(4)).toThrow(/4 members: that bears the loss of 1, as 3 do.*voters: \[a, b, c\]/s)
  expect(() => names(4, ['a', 'x'])).toThrow(/cluster.voters names x/)
})
