import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AuditReport } from '../../src/audit/finding.ts'
import { sudoers } from '../../src/audit/questions.ts'
import { bridge, folder, labHost, namespace } from '../../src/lab/settings.ts'
import { type Script, sh } from '../../src/shell/sh.ts'
import { labInventory, provision, type Run } from './cli.ts'
import { clusterUp, untilWell } from './cluster.ts'
import { connection } from './connection.ts'
import { on as onHost } from './engine.ts'
import { bestOfThree, measured, within } from './limits.ts'
import { reload, rounds, type Violation } from './violations.ts'

const hosts = ['h1', 'h2', 'h3']

/** Without asking the lab each time: its own look at sshd counts as a try to log in, and sshd shuts out who tries often. */
const on = (name: string, script: Script) => onHost(connection(labHost(name)), script)

const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10)

/** The lab's inventory with lines that the violations need; without sockets for who stands in the hosts' own network. */
function inventory(
  name: string,
  options: { readonly until?: string; readonly direct?: boolean } = {},
): string {
  const lab = readFileSync('inventory/lab.yaml', 'utf8').replace(
    'clients: [10.77.0.0/24] }',
    `clients: [10.77.0.0/24], sshLimit: { perMinute: 6000, burst: 5000 }, allow: [
      { from: [10.77.0.2], ports: [9998], reason: a trial, owner: ops },
      { from: [10.77.0.3], ports: [9997], reason: a passing trial, owner: ops, until: '${options.until ?? day(1)}' }] }`,
  )
  const file = join(folder, name)
  writeFileSync(file, options.direct ? lab.replaceAll(/, connection: \{ socket: [^}]*\}/g, '') : lab)
  return file
}

const run = promisify(execFile)
let file = ''

async function audit(args: readonly string[] = [], from = file): Promise<AuditReport> {
  return reportOf(await provision(['audit', 'firewall', '--inventory', from, '--output', 'json', ...args]))
}

function reportOf({ stdout, stderr }: Run): AuditReport {
  if (!stdout) throw new Error(stderr)
  return JSON.parse(stdout) as AuditReport
}

const found = ({ findings }: AuditReport) => findings.map((f) => `${f.host} ${f.id}`).sort()

beforeAll(async () => {
  await clusterUp()
  file = inventory('audit.yaml')
  const run = await provision([
    '--inventory',
    file,
    '--tags',
    'base,kernel,firewall',
    '--yes',
    '--output',
    'plain',
  ])
  if (run.code !== 0) throw new Error(run.stdout + run.stderr)
  await untilWell()
  for (const host of hosts) await on(host, sh`apt-get install -y -qq ipset ufw >/dev/null 2>&1`)
})
// The next suite goes on with the cluster: it finds it as the others left it.
afterAll(async () => {
  for (const host of hosts)
    await on(
      host,
      sh`apt-get purge -y -qq ufw >/dev/null 2>&1; userdel -r audit 2>/dev/null; rm -f /etc/sudoers.d/provision-audit`,
    )
  await provision([...labInventory, '--tags', 'firewall', '--yes'])
})

test('a clean cluster has no findings; the look takes at most 2 s', measured, async () => {
  const first = await audit()
  expect(first.findings.map((f) => [f.id, f.host, f.subject, f.evidence])).toEqual([])
  expect(first.hosts.map((h) => [h.name, h.failed, h.rules > 50])).toEqual(
    hosts.map((h) => [h, undefined, true]),
  )
  const { seconds, limit } = await bestOfThree(2, async () => void (await audit()))
  within('a look', seconds, limit)
})

test('real connections meet what the policy says, from every host and from a machine beside them', async () => {
  const direct = inventory('direct.yaml', { direct: true })
  const main = join(import.meta.dirname, '..', '..', 'bin/main.mjs')
  const started = performance.now()
  const { stdout } = await run('nsenter', [
    `--net=/run/netns/${namespace}`,
    process.execPath,
    main,
    ...['audit', 'firewall', '--probe', '--inventory', direct, '--output', 'json'],
  ])
  within('a look with real connections', (performance.now() - started) / 1000, 15)
  const { findings, matrix } = JSON.parse(stdout) as AuditReport
  expect(findings).toEqual([])
  const tried = matrix.filter((c) => c.observed !== undefined)
  expect([...new Set(tried.map((c) => c.from))].sort()).toEqual(['control', ...hosts])
  const wrong = tried.filter(
    (c) => (c.expected === 'open') === (c.observed === 'silent') || c.effect !== c.expected,
  )
  expect(wrong).toEqual([])
  const seen = (from: string, port: number) =>
    tried.find((c) => c.from === from && c.to === 'h2' && c.port === port)
  expect(seen('h1', 2379)).toMatchObject({ expected: 'open', observed: 'answered' })
  expect(seen('control', 2379)).toMatchObject({ expected: 'closed', observed: 'silent' })
  expect(seen('control', 5432)).toMatchObject({ expected: 'open', observed: 'answered' })
})

for (const round of rounds)
  test(`found, and nothing else: ${round.map((v) => v.what).join('; ')}`, async () => {
    await each(round, (v) => v.plant)
    try {
      const report = await audit()
      expect(found(report)).toEqual(round.flatMap((v) => v.finds.map(([id]) => `${v.host} ${id}`)).sort())
      for (const { host, finds } of round)
        for (const [id, evidence] of finds) {
          const shown = report.findings.filter((f) => f.host === host && f.id === id)
          expect(shown.flatMap((f) => f.evidence).join('\n')).toMatch(evidence)
        }
    } finally {
      await each(
        round,
        (v) => sh`${v.undo ?? sh`:`}
:`,
      )
      await Promise.all(hosts.map((host) => on(host, reload)))
    }
  })

test('a line of the inventory past its day is told with its owner, while its rule is loaded and after', async () => {
  const expired = inventory('expired.yaml', { until: day(-1) })
  const three = hosts.map((host) => `${host} FW082`)
  // As it is on the day after: the rule bears the day that was its last.
  await Promise.all(
    hosts.map((host) => on(host, sh`sed -i s/${day(1)}/${day(-1)}/ /etc/provision/firewall.v4; ${reload}`)),
  )
  const late = await audit([], expired)
  expect(found(late)).toEqual(three)
  expect(late.findings[0]?.evidence.join('\n')).toMatch(/owner ops, until .*\nstill loaded/)
  const run = await provision(['--inventory', expired, '--tags', 'firewall', '--yes', '--output', 'plain'])
  expect(run.code).toBe(0)
  const after = await audit([], expired)
  expect(found(after)).toEqual(three)
  expect(after.findings[0]?.evidence.join('\n')).toContain('the line only has to be deleted')
  expect((await provision(['--inventory', file, '--tags', 'firewall', '--yes'])).code).toBe(0)
  expect(found(await audit())).toEqual([])
})

test('a line that nobody uses is told once it has been there for long enough, and no other', async () => {
  const impatient = join(folder, 'impatient.yaml')
  writeFileSync(
    impatient,
    `${readFileSync(file, 'utf8').replace('\nvars:\n', '\nvars:\n  audit: { unusedAfterDays: 0 }\n')}`,
  )
  // One of the two lines is met by a packet, on h1.
  const inside = ['netns', 'exec', namespace]
  const address = ['addr', 'add', '10.77.0.2/32', 'dev', bridge]
  await run('ip', ['-n', namespace, ...address])
  try {
    const knock = ['--interface', '10.77.0.2', '--max-time', '2', 'http://10.77.0.11:9998']
    await run('ip', [...inside, 'curl', '-s', ...knock]).catch(() => undefined)
  } finally {
    await run('ip', ['-n', namespace, ...address.with(1, 'del')])
  }
  const { findings } = await audit([], impatient)
  expect(findings.map((f) => `${f.host} ${f.id} ${f.subject}`).sort()).toEqual([
    'h1 FW086 a passing trial',
    ...['h2', 'h3'].flatMap((h) => [`${h} FW086 a passing trial`, `${h} FW086 a trial`]),
  ])
  expect(findings[0]?.evidence.join('\n')).toContain('owner ops: no packet in 0 days')
})

test('a control port that asks for no certificate is told by a real request, which changes nothing', async () => {
  const etcd = sh`docker ps -q --filter label=com.docker.swarm.service.name=etcd-h3`
  const file = '/etc/provision/etcd/etcd.yml'
  const restart = sh`docker kill $(${etcd}) >/dev/null; sleep 2; i=0; until curl -fsK /etc/provision/tls/curl.conf -o /dev/null https://10.77.0.13:2379/health; do [ $i -lt 60 ] || exit 1; i=$((i + 1)); sleep 1; done`
  // etcd asks for certificates as long as either of the two is there.
  await on(
    'h3',
    sh`cp -p ${file} /root/etcd.yml; sed -i ${'/^client-transport/,/^peer-transport/{/client-cert-auth/d;/trusted-ca-file/d}'} ${file}; ${restart}`,
  )
  try {
    const report = await audit(['--probe'])
    expect(report.findings.map((f) => [f.host, f.id, f.subject])).toEqual([['h3', 'FW092', 'tcp 2379']])
    expect(report.findings[0]?.evidence.join('\n')).toContain(
      'POST https://10.77.0.13:2379/v3/maintenance/status 200',
    )
  } finally {
    await on('h3', sh`cp -p /root/etcd.yml ${file}; rm /root/etcd.yml; ${restart}`)
    await untilWell()
  }
  expect((await audit(['--probe'])).findings).toEqual([])
})

test('an audit user with the documented sudoers lines sees the same; without one of them the host is not clean', async () => {
  await Promise.all(
    hosts.map((host) =>
      on(
        host,
        sh`id audit >/dev/null 2>&1 || useradd -m -s /bin/bash audit; install -d -m 700 -o audit /home/audit/.ssh; install -m 600 -o audit /root/.ssh/authorized_keys /home/audit/.ssh/; printf %s ${sudoers('audit')} > /etc/sudoers.d/provision-audit; chmod 440 /etc/sudoers.d/provision-audit; visudo -cq`,
      ),
    ),
  )
  const asUser = await audit(['--user', 'audit'])
  const asRoot = await audit()
  expect(asUser.findings).toEqual([])
  expect(asUser.hosts.map((h) => h.rules)).toEqual(asRoot.hosts.map((h) => h.rules))
  expect(asUser.matrix).toEqual(asRoot.matrix)
  await on('h2', sh`sed -i '/ss -Hlntup/d' /etc/sudoers.d/provision-audit`)
  await on('h3', sh`sed -i '/sshd -T/d' /etc/sudoers.d/provision-audit`)
  const run = await provision([
    'audit',
    'firewall',
    '--inventory',
    file,
    '--user',
    'audit',
    '--output',
    'json',
  ])
  expect(run.code).toBe(3)
  expect(found(reportOf(run))).toEqual(['h2 FW001', 'h3 FW001'])
  expect(reportOf(run).hosts.map((h) => h.failed !== undefined)).toEqual([false, true, false])
})

test('the history says who changed the rules and how; a rollback goes back, and a run forward again', async () => {
  const history = async () =>
    JSON.parse(
      (await provision(['firewall', 'history', 'h1', '--inventory', file, '--output', 'json'])).stdout,
    ) as { who: string; diff: string[] }[]
  await on('h1', sh`iptables -I PROVISION-IN 1 -p tcp --dport 9000 -j ACCEPT`)
  const healed = await provision(['--inventory', file, '--tags', 'firewall', '--yes', '--output', 'plain'])
  expect(healed.code).toBe(0)
  const before = await history()
  expect(before.at(-1)?.who).toMatch(/@.* pid \d+$/)
  expect(before.at(-1)?.diff.join('\n')).toContain('- -A PROVISION-IN -p tcp -m tcp --dport 9000 -j ACCEPT')
  expect((await provision(['--inventory', 'inventory/lab.yaml', '--tags', 'firewall', '--yes'])).code).toBe(0)
  const back = await provision(['firewall', 'rollback', 'h1', '--inventory', file, '--yes'])
  expect([back.code, back.stderr]).toEqual([0, ''])
  expect((await history()).at(-1)?.who).toContain('(rollback)')
  expect((await audit(['--limit', 'h1'])).findings).toEqual([])
})

test('a run heals what it owns; then the audit is clean', async () => {
  const planted = rounds.flat().filter((v) => !v.undo && !v.finds.some(([id]) => id === 'FW012'))
  expect((await provision(['--inventory', file, '--tags', 'firewall', '--yes'])).code).toBe(0)
  await each(planted, (v) => v.plant)
  expect(found(await audit()).length).toBeGreaterThan(10)
  const run = await provision(['--inventory', file, '--tags', 'firewall', '--yes', '--output', 'plain'])
  expect([run.code, run.stderr]).toEqual([0, ''])
  expect(found(await audit())).toEqual([])
})

/** On each host one after the other, the hosts at once. */
async function each(violations: readonly Violation[], script: (v: Violation) => ReturnType<typeof sh>) {
  await Promise.all(
    hosts.map(async (host) => {
      for (const v of violations.filter((one) => one.host === host)) await on(host, script(v))
    }),
  )
}
