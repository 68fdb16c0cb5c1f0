import { expect, test } from 'vitest'
import { expandRange } from '../../../src/inventory/range.ts'

test.each([
  ['h1', ['h1']],
  ['h[1:3]', ['h1', 'h2', 'h3']],
  ['n[08:11].x', ['n08.x', 'n09.x', 'n10.x', 'n11.x']],
  ['r[1:2]h[1:2]', ['r1h1', 'r1h2', 'r2h1', 'r2h2']],
  ['h[2:2]', ['h2']],
])('the range %s is expanded in order, with its leading zeros', (pattern, names) => {
  expect(expandRange(pattern)).toEqual(names)
})

test.each(['h[3:1]', 'h[a:c]', 'h[1:3', 'h[1-3]', 'h[1:20000]'])('%s is no range', (pattern) => {
  expect(expandRange(pattern)).toBeUndefined()
})
