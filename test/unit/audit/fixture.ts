import { bySeverity, type FindingId, finding } from '../../../src/audit/catalogue.ts'
import type { AuditReport, Finding, ReachCell } from '../../../src/audit/finding.ts'

const hosts = ['db1', 'db2', 'db3']
const viewpoints = ['control', 'peers', 'clients', 'any']

const ports: readonly (Pick<ReachCell, 'protocol' | 'port' | 'reason'> & { readonly from: string })[] = [
  { protocol: 'tcp', port: 22, from: 'control', reason: 'ssh from admin' },
  { protocol: 'tcp', port: 2377, from: 'peers', reason: 'swarm' },
  { protocol: 'tcp', port: 7946, from: 'peers', reason: 'swarm' },
  { protocol: 'tcp', port: 2379, from: 'peers', reason: 'etcd clients and members' },
  { protocol: 'tcp', port: 2380, from: 'peers', reason: 'etcd clients and members' },
  { protocol: 'tcp', port: 5432, from: 'peers clients', reason: 'PostgreSQL' },
  { protocol: 'tcp', port: 6432, from: 'peers', reason: 'HAProxy to PgBouncer' },
  { protocol: 'tcp', port: 8008, from: 'peers', reason: "Patroni's REST" },
  { protocol: 'tcp', port: 8404, from: 'control peers', reason: 'statistics of HAProxy' },
  { protocol: 'udp', port: 123, from: 'peers', reason: 'chrony peers' },
  { protocol: 'udp', port: 4789, from: 'peers', reason: 'overlay networks' },
  { protocol: 'vrrp', from: 'peers', reason: 'keepalived' },
]

/** 3 hosts × 12 ports × 4 viewpoints, all as the policy says, but for a hole on db1 and a wall on db2. */
export function matrixOf(probed: boolean): readonly ReachCell[] {
  return hosts.flatMap((to) =>
    ports.flatMap(({ from: allowed, ...port }) =>
      viewpoints.map((from): ReachCell => {
        const expected = allowed.includes(from) ? 'open' : 'closed'
        const isHole = to === 'db1' && port.port === 2379
        const isWall = to === 'db2' && port.port === 8008 && from === 'peers'
        const effect = isWall
          ? 'closed'
          : isHole
            ? 'open'
            : to === 'db3' && port.port === 4789 && from === 'any'
              ? 'unknown'
              : expected
        const isTried = probed && port.protocol === 'tcp' && (from === 'control' || from === 'peers')
        const observed =
          effect !== 'open' ? 'silent' : to === 'db2' && port.port === 5432 ? 'refused' : 'answered'
        return { from, to, family: 4, ...port, expected, effect, ...(isTried ? { observed } : {}) }
      }),
    ),
  )
}

const found: readonly (readonly [FindingId, string, string, ...string[]])[] = [
  [
    'FW020',
    'db1',
    'tcp 2379 from any, v4',
    '-A PROVISION-IN -p tcp -m tcp --dport 2379 -m comment --comment "debug, remove tomorrow" -j ACCEPT',
    'tcp LISTEN 0 4096 192.0.2.11:2379 0.0.0.0:* users:(("etcd",pid=812,fd=7)) container etcd.1',
  ],
  ['FW060', 'db2', 'INPUT, v6', ':INPUT ACCEPT [812:90411]', 'no jump to PROVISION-IN'],
  [
    'FW070',
    'db3',
    'tcp 8080 of container web',
    '-A DOCKER -d 172.30.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT',
    '-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.30.0.2:80',
  ],
  ['FW012', 'db2', '-A PROVISION-IN -s 192.0.2.13/32 -p tcp -m tcp --dport 8008 -j ACCEPT', 'not loaded'],
  ['FW013', 'db1', 'PROVISION-IN rule 4', '-A PROVISION-IN -p tcp -m tcp --dport 2379 -j ACCEPT'],
  ['FW033', 'db1', 'ufw', 'ufw.service: active, enabled', '-A INPUT -j ufw-before-input'],
  ['FW033', 'db3', 'firewalld', 'firewalld.service: active, enabled'],
  ['FW034', 'db3', 'iptables-legacy', '-A INPUT -p tcp -m tcp --dport 9999 -j ACCEPT'],
  ['FW040', 'db2', 'tcp 8008 from peers, v4', '-A PROVISION-IN -j DROP'],
  [
    'FW091',
    'db3',
    'tcp 0.0.0.0:9999',
    'tcp LISTEN 0 128 0.0.0.0:9999 0.0.0.0:* users:(("nc",pid=4711,fd=3))',
  ],
  ['FW002', 'db3', 'udp 4789 from any, v4', '-A INPUT -m bpf --object-pinned /sys/fs/bpf/x -j ACCEPT'],
  ['FW016', 'db1', 'PROVISION-IN rule 19', '-A PROVISION-IN -s 192.0.2.12/32 -p tcp --dport 2379 -j ACCEPT'],
  ['FW080', 'db1', '192.0.2.99', '-A PROVISION-IN -s 192.0.2.99/32 -p tcp -m tcp --dport 2380 -j ACCEPT'],
  ['FW084', 'db2', 'net.ipv4.conf.all.rp_filter', 'is 0, should be 2'],
  ['FW017', 'db2', 'PROVISION-IN rule 23', '-A PROVISION-IN -p vrrp -s 192.0.2.11/32 -j ACCEPT'],
]

export function findings(): readonly Finding[] {
  return found
    .map(([id, host, subject, ...evidence]) => finding(id, { host, subject, evidence }))
    .toSorted(bySeverity)
}

/** A made-up audit of three hosts with fifteen findings. */
export function report(change: Partial<AuditReport> = {}): AuditReport {
  return {
    at: '2026-05-04T03:12:00.000Z',
    inventory: 'inventory/prod.yaml',
    hosts: hosts.map((name, i) => ({ name, address: `192.0.2.1${i + 1}`, rules: 84 + i, ms: 310 + i })),
    findings: findings(),
    waived: [
      {
        ...finding('FW090', {
          host: 'db3',
          subject: 'tcp 0.0.0.0:9100',
          evidence: ['node_exporter, pid 99'],
        }),
        waiver: { reason: 'exporter cannot bind one address yet', until: '2026-07-01', owner: 'ops' },
      },
    ],
    known: [finding('FW085', { host: 'db1', subject: 'LOG, v4', evidence: ['-A INPUT -j LOG'] })],
    matrix: matrixOf(true),
    probed: true,
    ms: 4210,
    ...change,
  }
}

/** Nothing found, all as expected. */
export function cleanReport(): AuditReport {
  const matrix = matrixOf(false).map((cell): ReachCell => ({ ...cell, effect: cell.expected }))
  return report({ findings: [], waived: [], known: [], matrix, probed: false, ms: 912 })
}

/** Text of somebody who may write rule comments and start processes: it must stay text in every output. */
export const hostile = [
  '-A INPUT -m comment --comment "<script>alert(1)</script>" -j ACCEPT',
  '-A INPUT -m comment --comment "]]><failure/>&amp;<!-- " -j ACCEPT',
  '-A INPUT -m comment --comment "\u001b[2J\u001b]0;owned\u0007 \u0000 \u202egnp.exe" -j ACCEPT',
  '-A INPUT -m comment --comment "| a | b | ``` [x](javascript:alert(1)) <img src=https://evil.example/>" -j ACCEPT',
  `-A INPUT -m comment --comment "${'long '.repeat(4000)}" -j ACCEPT`,
]

/** A report whose every free text is hostile. */
export function hostileReport(): AuditReport {
  const [script = '', cdata = '', control = '', markdown = ''] = hostile
  return report({
    inventory: `inv/${script}.yaml`,
    hosts: [
      { name: 'db1', address: '192.0.2.11', rules: 5, ms: 9 },
      { name: 'db2', address: script, rules: 0, ms: 0, failed: `${cdata} ${control}` },
    ],
    findings: [
      finding('FW081', { host: 'db1', subject: `${script} ${cdata} ${markdown}`, evidence: hostile }),
      finding('FW001', { host: 'db2', subject: control, evidence: [cdata, control] }),
    ],
    waived: [
      {
        ...finding('FW090', { host: 'db1', subject: script, evidence: hostile }),
        waiver: { reason: `${script} ${cdata} ${control}`, until: '2026-07-01', owner: markdown },
      },
    ],
    known: [finding('FW085', { host: 'db1', subject: cdata, evidence: hostile })],
    matrix: matrixOf(true).map((cell) => ({ ...cell, reason: `${script} ${markdown}` })),
  })
}
