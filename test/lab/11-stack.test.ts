import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { clientPsql } from '../../src/resources/sql.ts'
import { sh } from '../../src/shell/sh.ts'
import { readVault } from '../../src/vault/store.ts'
import { changed, events, labInventory, provision, summaries } from './cli.ts'
import { execute, place, query } from './client.ts'
import { asSuperuser, clusterUp, hostNamed, on, roles, untilWell } from './cluster.ts'
import { bestOfThree, measured, within } from './limits.ts'

/** What the run that made the cluster said, at --verbose. The lab stays up for the suites after this one. */
let log: string
const names = ['h1', 'h2', 'h3']

beforeAll(async () => {
  const run = await clusterUp()
  log = run.stdout + run.stderr
})

test('three hosts become managers of one swarm, with the address pool that was set', async () => {
  const managers = sh`docker node ls --format '{{.Hostname}} {{.Status}} {{.ManagerStatus}}' | grep ' Ready' | cut -d' ' -f1,2 | sort`
  expect(await on('h2', managers)).toBe('h1 Ready\nh2 Ready\nh3 Ready')
  expect(
    await on('h2', sh`docker info --format '{{.Swarm.Cluster.DefaultAddrPool}} {{.Swarm.NodeAddr}}'`),
  ).toBe('[10.201.0.0/16] 10.77.0.12')
})

test('again: nothing changes, in at most three seconds and two round trips a host', measured, async () => {
  const { seconds, limit } = await bestOfThree(3, async () => {
    const again = await events([])
    expect(changed(again)).toEqual([])
    expect(summaries(again).map((h) => [h.status, h.roundTrips])).toEqual(names.map(() => ['ok', 2]))
  })
  within('again', seconds, limit)
})

test('status and the acceptance checks find nothing amiss', async () => {
  expect((await provision(['status', ...labInventory])).stdout).toContain('All is well.')
  const verify = await provision(['verify', ...labInventory])
  expect(verify.stdout).toContain('All is well.')
  expect(verify.code).toBe(0)
})

test('both databases are there, each for its owner only, with pgvector', async () => {
  await execute(
    'claude_flow_shared',
    'DROP TABLE IF EXISTS marks; CREATE TABLE marks (id int); INSERT INTO marks VALUES (7)',
  )
  expect(await query('claude_flow_shared', 'SELECT id FROM marks')).toBe('7')
  expect(
    await query(
      'distributed_postgres_cluster',
      `SELECT extname FROM pg_extension WHERE extname IN ('vector', 'pg_stat_statements') ORDER BY 1`,
    ),
  ).toBe('pg_stat_statements\nvector')
  expect(
    await query(
      'claude_flow_shared',
      `SELECT has_database_privilege('distributed_postgres_cluster', 'CONNECT')`,
    ),
  ).toBe('f')
})

test('no secret is anywhere but where it belongs', async () => {
  const entries = await readVault(place)
  const keys = Object.entries(entries).map(([name, value]) => {
    // Of a key the middle of its text: its first and last lines are the same in all.
    const text = name.startsWith('tls/') ? (JSON.parse(value) as { key: string }).key : value
    return text.startsWith('-----') ? (text.split('\n')[1] ?? '').slice(0, 48) : text
  })
  const values = [
    ...keys,
    ...keys.map((v) => Buffer.from(v).toString('base64').replace(/=+$/, '').slice(0, -1)),
  ]
  expect(values.length).toBeGreaterThan(20)
  const { stdout } = await provision(['plan', ...labInventory, '--diff', '--verbose', '--output', 'json'])
  for (const value of values) expect(log.includes(value) || stdout.includes(value)).toBe(false)
  for (const name of names) {
    const found = await on(
      name,
      sh`p=/root/.patterns; printf '%s\n' ${values} > $p
{ for f in /proc/[0-9]*/cmdline /proc/[0-9]*/environ; do tr '\0' '\n' < "$f" 2>/dev/null; done; } | grep -cFf $p
journalctl --no-pager -q | grep -cFf $p
docker ps -aq | xargs -r docker inspect | grep -cFf $p
{ for c in $(docker ps -aq); do docker logs "$c" 2>&1; done; cat /var/lib/pg/log/*; } | grep -cFf $p
docker service ls -q | xargs -r docker service inspect | grep -cFf $p
find / -xdev -type f -perm /004 -not -path '/proc/*' -not -path '/sys/*' -size -4M -exec grep -lFf $p {} + 2>/dev/null | grep -v '^/root/.patterns$' | head; find /run /tmp /etc /var/lib/provision -type f -perm /044 -exec grep -lFf $p {} + 2>/dev/null; rm -f $p`,
    )
    expect([name, found]).toEqual([name, '0\n0\n0\n0\n0'])
  }
})

test('a login that failed is not held against whoever comes later', async () => {
  const { leader, standbys } = await roles()
  const from = standbys[0] ?? ''
  const { address } = await hostNamed(leader)
  const target = `host=${address} port=6432 dbname=later user=pgbouncer sslmode=verify-full sslrootcert=/run/provision/tls/ca.crt`
  const asked = clientPsql(`postgres-${from}`, target, ['-Atc', 'SELECT 1'])
  const ask = () => on(from, sh`{ cat /etc/provision/secrets/pg-pooler; echo; } | { ${asked} || :; } 2>&1`)
  await asSuperuser('CREATE DATABASE later')
  try {
    expect(await ask()).toBe('1')
    // PgBouncer's connection ends, and the next one fails, as while a server is starting.
    await asSuperuser("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'later'")
    await asSuperuser('ALTER DATABASE later RENAME TO away')
    expect(await ask()).toContain('database "later" does not exist')
    await asSuperuser('ALTER DATABASE away RENAME TO later')
    await sleep(3000)
    expect(await ask()).toBe('1')
  } finally {
    await asSuperuser('DROP DATABASE IF EXISTS later WITH (FORCE)')
    await asSuperuser('DROP DATABASE IF EXISTS away WITH (FORCE)')
  }
})

test('a host that left its swarm joins again, and its old self is removed', async () => {
  const { standbys } = await roles()
  const [name = ''] = standbys
  await on(name, sh`docker swarm leave --force`)
  const run = await provision([...labInventory, '--yes'])
  expect(run.code, run.stdout + run.stderr).toBe(0)
  expect(await on('h1', sh`docker node ls --format '{{.Hostname}}' | sort`)).toBe('h1\nh2\nh3')
  await untilWell()
})

test('a run that would leave too few members is refused before it changes anything, with the sum', async () => {
  const { standbys, leader } = await roles()
  const [name = ''] = standbys
  await on(
    name,
    sh`docker pause $(docker ps -q --filter label=com.docker.swarm.service.name=${`etcd-${name}`})`,
  )
  try {
    const run = await provision([
      ...labInventory,
      '--yes',
      '--set',
      'etcd.quotaBytes=3000000000',
      '--limit',
      leader,
    ])
    expect(run.code).toBe(1)
    expect(run.stdout).toContain(`this run would take down ${leader}'s member of etcd`)
    expect(run.stdout).toMatch(/3 members need 2; 2 are alive \(not h\d\); without h\d 1 would be left/)
    expect(await on(leader, sh`grep quota-backend /etc/provision/etcd/etcd.yml`)).toContain('2147483648')
  } finally {
    await on(
      name,
      sh`docker unpause $(docker ps -q --filter label=com.docker.swarm.service.name=${`etcd-${name}`})`,
    )
  }
  await untilWell()
})

test('--from and --until change nothing outside', async () => {
  const run = await events(['--from', 'etcd', '--until', 'etcd', '--set', 'postgres.parameters.work_mem=5MB'])
  expect(changed(run)).toEqual([])
  const wrong = await provision([...labInventory, '--from', 'etdc'])
  expect(wrong.code).toBe(4)
  expect(wrong.stderr).toContain('site has no phase etdc')
})
