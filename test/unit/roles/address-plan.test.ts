import { expect, test } from 'vitest'
import { collisions, declaredRanges } from '../../../roles/sheets/address-plan.ts'

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

test('who must be reached counts by the inventory, too: behind the default route nothing else tells of them', () => {
  const docker = [{ network: '172.30.0.0/16', of: 'docker.addressPools' }]
  const lists = {
    'firewall.clients': [
      '172.30.4.0/24',
      '10.0.0.0/8',
      'any',
      'db',
      '2001:db8::/32',
      '172.16.0.0/12',
      '0.0.0.0/0',
    ],
    'chrony.servers': ['172.30.9.9', 'ntp.example'],
  }
  expect(collisions(declaredRanges(lists, docker), docker)).toEqual([
    'docker.addressPools 172.30.0.0/16 lies over firewall.clients 172.30.4.0/24',
    'docker.addressPools 172.30.0.0/16 lies over chrony.servers 172.30.9.9',
  ])
})
