import { expect, test } from 'vitest'
import { parsePublished } from '../../../src/audit/parse-docker.ts'
import { parseSettings, parseSshd, parseTables, parseUnits } from '../../../src/audit/parse-host.ts'
import { isExposed, isWildcard, parseCgroups, parseSockets } from '../../../src/audit/parse-sockets.ts'
import { parseTail } from '../../../src/shell/tail.ts'

const id = 'fce705bb77ccc5d5dbb55e28b2bfd397f745522641219ec48b86a1c497f1a0c6'

test('sockets: process, container, wildcard, loopback, an interface, one without a process', () => {
  const cgroups = parseCgroups(
    `/proc/14476/cgroup:0::/system.slice/docker-${id}.scope\n/proc/1/cgroup:0::/init.scope\n`,
  )
  const sockets = parseSockets(
    `tcp LISTEN 0      4096         10.77.0.11:2379  0.0.0.0:* users:(("etcd",pid=14476,fd=6))
udp UNCONN 0      0      127.0.0.53%lo:53    0.0.0.0:* users:(("systemd-resolve",pid=309,fd=19))
udp UNCONN 0      0            0.0.0.0:4789  0.0.0.0:*
tcp LISTEN 0      128             [::]:22       [::]:* users:(("sshd",pid=329,fd=7))
`,
    cgroups,
  )
  expect(sockets.map((s) => [s.protocol, s.address, s.port, s.process, s.container])).toEqual([
    ['tcp', '10.77.0.11', 2379, 'etcd', id],
    ['udp', '127.0.0.53', 53, 'systemd-resolve', undefined],
    ['udp', '0.0.0.0', 4789, undefined, undefined],
    ['tcp', '::', 22, 'sshd', undefined],
  ])
  expect(sockets.map(isExposed)).toEqual([true, false, true, true])
  expect(sockets.map(isWildcard)).toEqual([false, false, true, true])
})

test('what is no line of ss is an error, never an empty list', () => {
  expect(() => parseSockets('Cannot open netlink socket\n', new Map())).toThrow('no line of ss')
})

test('published ports: of containers by their address, of services only through the ingress', () => {
  expect(
    parsePublished(
      '[{"id":"a","name":"/web","ports":[{"ip":"0.0.0.0","private":80,"public":8080,"protocol":"tcp"},{"ip":null,"private":81,"public":null,"protocol":"tcp"}]}]',
      '[{"name":"api","ports":[{"public":9000,"private":90,"protocol":"tcp","mode":"ingress"},{"public":9001,"private":91,"protocol":"tcp","mode":"host"}]}]',
    ).map((p) => `${p.name} ${p.address}:${p.port}→${p.containerPort}`),
  ).toEqual(['web 0.0.0.0:8080→80', 'api 0.0.0.0:9000→90'])
  expect(parsePublished('', '')).toEqual([])
})

test("tables of nftables: iptables' own are none of them, nor those that meet no packet", () => {
  const chain = (family: string, table: string, hook?: string) => ({
    chain: { family, table, ...(hook ? { hook } : {}) },
  })
  const all = [
    chain('ip', 'filter', 'input'),
    chain('inet', 'firewalld', 'input'),
    chain('inet', 'firewalld', 'forward'),
    chain('ip', 'mine'),
    chain('ip', 'docker-bridges', 'prerouting'),
  ]
  expect(parseTables(JSON.stringify({ nftables: [{ metainfo: {} }, ...all] }))).toEqual([
    { name: 'inet firewalld', hooks: ['forward', 'input'] },
    { name: 'ip docker-bridges', hooks: ['prerouting'] },
  ])
})

test('units, settings, sshd and files', () => {
  const units = parseUnits(
    'Id=ufw.service\nLoadState=not-found\nActiveState=inactive\nUnitFileState=\n\nId=docker.service\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\nDropInPaths=/etc/a.conf /etc/b.conf\n',
  )
  expect(units.get('docker.service')).toEqual({
    load: 'loaded',
    active: 'active',
    enabled: 'enabled',
    dropIns: ['/etc/a.conf', '/etc/b.conf'],
  })
  expect(parseSettings('/proc/sys/net/ipv4/conf/all/rp_filter:1\n').get('net.ipv4.conf.all.rp_filter')).toBe(
    '1',
  )
  expect(parseSshd('port 22\nport 2222\npermitrootlogin no\n').get('port')).toEqual(['22', '2222'])
  const files = parseTail('==> /etc/a <==\none\n\n==> /etc/b <==\ntwo\n')
  expect([...files]).toEqual([
    ['/etc/a', 'one\n'],
    ['/etc/b', 'two\n'],
  ])
})
