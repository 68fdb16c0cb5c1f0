import { expect, test } from 'vitest'
import type { HostPlan } from '../../../src/model/event.ts'
import { formatPlan } from '../../../src/report/plan-text.ts'

const same: HostPlan = { host: 'h1', steps: [], orphans: [], resources: 0 }
const plain = { diff: false, color: false }

test('that nothing changes is said of the hosts that were seen, and of no others', () => {
  expect(formatPlan([same], plain)).toBe('No changes.')
  expect(formatPlan([same], { ...plain, unseen: ['h2', 'h3'] })).toBe(
    'No changes.\nNot in this plan, for the reason above: h2, h3',
  )
  expect(formatPlan([], { ...plain, unseen: ['h1'] })).toBe('Not in this plan, for the reason above: h1')
})
