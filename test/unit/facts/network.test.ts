import { expect, test } from 'vitest'
import { peerAddressesOf } from '../../../roles/firewall.ts'
import { network } from '../../../src/facts/network.ts'
import { routes } from '../../../src/facts/routes.ts'

const inet = (local: string, prefixlen: number, more: object = {}) => ({
  family: local.includes(':') ? 'inet6' : 'inet',
  local,
  prefixlen,
  scope: 'global',
  ...more,
})

/** As iproute2 6.1 printed them in a network namespace with bridges of these names. */
const links = [
  { ifname: 'lo', addr_info: [inet('127.0.0.1', 8, { scope: 'host' }), inet('203.0.113.9', 32)] },
  {
    ifname: 'host0',
    addr_info: [
      inet('198.51.100.7', 32, { address: '198.51.100.1' }),
      inet('fe80::681e:bff:fe52:65f1', 64, { scope: 'link' }),
    ],
  },
  {
    ifname: 'br-lan',
    addr_info: [
      inet('10.0.0.5', 24),
      inet('10.0.0.100', 24),
      inet('2001:db8::77', 64, { dynamic: true }),
      inet('2001:db8::5', 64),
    ],
  },
  { ifname: 'docker0', addr_info: [inet('172.17.0.1', 16)] },
  { ifname: 'docker_gwbridge', addr_info: [inet('172.19.0.1', 16)] },
  { ifname: 'br-0123456789ab', addr_info: [inet('172.18.0.1', 16)] },
  { ifname: 'vethlan', addr_info: [inet('10.9.0.1', 24)] },
  { ifname: 'virbr0', addr_info: [inet('192.168.122.1', 24)] },
]

function seen(keepalived = '') {
  const stdout = `${JSON.stringify(links)}\n--\n${keepalived}`
  return network.probe.parse({ code: 0, stdout, stderr: '' }, [])
}

const addresses = (keepalived?: string) =>
  seen(keepalived).map((a) => `${a.interface} ${a.address}/${a.prefix}`)

test('a point-to-point address and bridges with names of their own are seen, interfaces of Docker are not', () => {
  expect(addresses()).toEqual([
    'host0 198.51.100.7/32',
    'br-lan 10.0.0.5/24',
    'br-lan 10.0.0.100/24',
    'br-lan 2001:db8::77/64',
    'br-lan 2001:db8::5/64',
    'vethlan 10.9.0.1/24',
    'virbr0 192.168.122.1/24',
  ])
})

test('addresses that keepalived moves are no own addresses, whatever this iproute2 says of them', () => {
  const configuration = `vrrp_instance one {
    unicast_peer {
        10.0.0.5
    }
    virtual_ipaddress {
        # 10.9.0.1 is another one's
        10.0.0.100/24 dev br-lan label br-lan:vip
        2001:db8::5
    }
    virtual_ipaddress_excluded { 192.168.122.1 }
}`
  expect(addresses(configuration)).toEqual([
    'host0 198.51.100.7/32',
    'br-lan 10.0.0.5/24',
    'br-lan 2001:db8::77/64',
    'vethlan 10.9.0.1/24',
  ])
})

test('peers come from the interface that carries the address of the inventory, and by no address that changes', () => {
  expect(peerAddressesOf('10.0.0.5', seen())).toEqual(['10.0.0.5', '10.0.0.100', '2001:db8::5'])
  expect(peerAddressesOf('198.51.100.7', seen())).toEqual(['198.51.100.7'])
})

test('behind NAT no interface has the address: it counts all the same, and so do all others', () => {
  expect(peerAddressesOf('192.0.2.1', seen())).toContain('192.0.2.1')
  expect(peerAddressesOf('192.0.2.1', seen())).toContain('198.51.100.7')
  expect(peerAddressesOf('db1.example', seen())).not.toContain('db1.example')
})

test('routes of every table count, not those to the containers, nor the default', () => {
  const found = [
    { dst: 'default', dev: 'host0' },
    { dst: '10.30.0.0/16', dev: 'br-lan', table: '100' },
    { dst: '10.0.0.0/24', dev: 'br-lan' },
    { type: 'blackhole', dst: '10.40.0.0/16' },
    { dst: '172.17.0.0/16', dev: 'docker0' },
    { dst: '172.18.0.0/16', dev: 'br-0123456789ab' },
    { dst: '198.51.100.1', dev: 'host0' },
    { type: 'local', dst: '10.0.0.5', dev: 'br-lan', table: 'local' },
    { type: 'broadcast', dst: '10.0.0.255', dev: 'br-lan', table: 'local' },
  ]
  expect(routes.probe.parse({ code: 0, stdout: JSON.stringify(found), stderr: '' }, [])).toEqual([
    '10.30.0.0/16',
    '10.0.0.0/24',
    '198.51.100.1',
  ])
})
