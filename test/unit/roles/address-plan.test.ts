import { expect, test } from 'vitest'
import { collisions } from '../../../roles/sheets/address-plan.ts'

test('a pool that lies over a real network is told with both names; neighbours are not', () => {
  const pool = [{ network: '10.201.0.0/16', of: 'swarm.addressPool' }]
  expect(collisions([{ network: '10.201.3.4', of: 'host db1' }], pool)).toEqual([
    'swarm.addressPool 10.201.0.0/16 lies over host db1 10.201.3.4',
  ])
  expect(collisions([{ network: '10.0.0.0/8', of: 'the route to' }], pool)).toHaveLength(1)
  expect(
    collisions(
      [
        { network: '10.202.0.0/16', of: 'interface eth0' },
        { network: 'fd00::/8', of: 'interface eth0' },
      ],
      pool,
    ),
  ).toEqual([])
})
