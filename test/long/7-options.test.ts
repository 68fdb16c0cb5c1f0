import { afterAll, beforeAll, expect, test } from 'vitest'
import { down } from '../../src/lab/lab.ts'
import { clientPsql } from '../../src/resources/sql.ts'
import { sh } from '../../src/shell/sh.ts'
import { readVault } from '../../src/vault/store.ts'
import { changed, events, labInventory, provision } from '../lab/cli.ts'
import { execute, place, query, vip, Writer } from '../lab/client.ts'
import { asSuperuser, clusterUp, on, roles, untilWell } from '../lab/cluster.ts'

beforeAll(async () => {
  await clusterUp()
  await untilWell()
})
afterAll(() => down())

/** SQL through the VIP as any account of the vault; what psql says, errors too. It runs on the host `at`. */
async function as(user: string, database: string, text: string, at = 'h1'): Promise<string> {
  const password = (await readVault(place))[`db-${user}`] ?? ''
  const target = `host=${vip} port=5432 dbname=${database} user=${user} sslmode=verify-full sslrootcert=/run/provision/tls/ca.crt`
  const asked = clientPsql(`postgres-${at}`, target, ['-Atc', text])
  return on(at, sh`printf '%s\n' ${password} | { ${asked} || :; } 2>&1`)
}

const paused = (name: string, verb: 'pause' | 'unpause') =>
  on(
    name,
    sh`docker ${verb} $(docker ps -q --filter label=com.docker.swarm.service.name=${`postgres-${name}`}) >/dev/null`,
  )

/** Stops the process of Patroni, or lets it go on: for less than ttl (20 s), or the primary loses its key. */
const signalled = (name: string, signal: 'STOP' | 'CONT') =>
  on(
    name,
    sh`docker exec $(docker ps -q --filter label=com.docker.swarm.service.name=${`postgres-${name}`}) pkill ${`-${signal}`} -f ${'[p]atroni /run/provision'}`,
  )

/** Nothing that the inventory does not name is touched: what the test made, it takes away itself. */
async function dropReports(): Promise<void> {
  await asSuperuser('DROP DATABASE IF EXISTS reports (FORCE)')
  for (const role of ['reports_app', 'reports_reader', 'reports_writer'])
    await asSuperuser(`DROP ROLE IF EXISTS ${role}`)
}

test('readers may read and not write; commits of an async database wait for no standby', async () => {
  const list = `[{name: distributed_postgres_cluster, owner: cluster_app}, {name: claude_flow_shared, owner: shared_app},
    {name: reports, owner: reports_app, durability: async, vector: none, readers: [reports_reader], writers: [reports_writer]}]`
  const set = ['--set', `databases.list=${list.replaceAll('\n', ' ')}`, '--yes']
  await dropReports()
  expect(changed(await events(set))).toContain('h1 sql[durability of reports]')
  expect(changed(await events(set))).toEqual([])
  await as('reports_app', 'reports', 'CREATE TABLE n (i int)')
  expect(await as('reports_writer', 'reports', 'INSERT INTO n VALUES (5)')).toBe('INSERT 0 1')
  expect(await as('reports_reader', 'reports', 'SELECT i FROM n')).toBe('5')
  expect(await as('reports_reader', 'reports', 'INSERT INTO n VALUES (6)')).toContain('permission denied')
  expect(await as('reports_reader', 'claude_flow_shared', 'SELECT 1')).toMatch(/permission denied|not allow/)

  const { leader, standbys } = await roles()
  await execute('claude_flow_shared', 'DROP TABLE IF EXISTS n; CREATE TABLE n (i int)')
  // Both standbys stand still, and so does Patroni, which would soon let the primary go on without them.
  await signalled(leader, 'STOP')
  await Promise.all(standbys.map((name) => paused(name, 'pause')))
  let isAcknowledged = false
  const sync = as('shared_app', 'claude_flow_shared', 'INSERT INTO n VALUES (7)', leader).then((said) => {
    isAcknowledged = true
    return said
  })
  try {
    expect(await as('reports_app', 'reports', 'INSERT INTO n VALUES (7)', leader)).toBe('INSERT 0 1')
    expect(isAcknowledged).toBe(false)
  } finally {
    await Promise.all(standbys.map((name) => paused(name, 'unpause')))
    await signalled(leader, 'CONT')
  }
  expect(await sync).toBe('INSERT 0 1')
  await untilWell()
  await dropReports()
})

test("HAProxy's configuration is taken over without one refused or misled connection", async () => {
  const writer = await Writer.start('distributed_postgres_cluster', 'cluster_app', { anew: true })
  const all = await events(['--set', 'haproxy.maxConnections=4001', '--yes'])
  expect(changed(all)).toContain('h1 command[reload HAProxy]')
  expect(changed(await events(['--yes']))).toContain('h1 command[reload HAProxy]')
  await writer.untilCalm()
  const outcome = await writer.stop()
  expect(outcome.failures).toEqual([])
  expect([outcome.lost, outcome.outage < 2]).toEqual([[], true])
})

test('kind worker commits without a standby, coordinator waits again; neither needs a restart', async () => {
  const started = () => query('distributed_postgres_cluster', 'SELECT pg_postmaster_start_time()')
  const names = () =>
    query('distributed_postgres_cluster', `SELECT current_setting('synchronous_standby_names')`)
  const before = await started()
  expect(await names()).toContain('ANY 1')
  await events(['--set', 'cluster.kind=worker', '--yes'])
  await expect.poll(names, { timeout: 30_000 }).toBe('')
  await events(['--yes'])
  await expect.poll(names, { timeout: 30_000 }).toContain('ANY 1')
  expect(await started()).toBe(before)
  await untilWell()
})

test('status --watch tells the state again and again', async () => {
  const { stdout } = await provision(['status', ...labInventory, '--watch', '--output', 'json'], {
    killAfterMs: 9000,
    signal: 'SIGINT',
  })
  const seen = stdout.trim().split('\n')
  expect(seen.length).toBeGreaterThanOrEqual(2)
  for (const line of seen) expect(JSON.parse(line)).toMatchObject({ ok: true, vip })
})

test("an address plan in which Docker's ranges lie over real ones is refused before anything is changed", async () => {
  const run = await provision([...labInventory, '--set', 'swarm.addressPool=10.77.0.0/16'])
  expect(run.code).toBe(1)
  expect(run.stdout).toContain('swarm.addressPool 10.77.0.0/16 lies over host h1 10.77.0.11')
})

test('with autolock a restarted manager waits for the key, and a run brings it', async () => {
  const { standbys } = await roles()
  const [name = ''] = standbys
  const set = ['--set', 'swarm.autolock=true', '--yes']
  expect(changed(await events(set))).toEqual(['h1 swarm-autolock[autolock]'])
  await on(name, sh`systemctl restart docker`)
  const state = sh`docker info --format '{{.Swarm.LocalNodeState}}' 2>/dev/null`
  expect(await on(name, state)).toBe('locked')
  const run = await provision([...labInventory, ...set, '--verbose'])
  expect(run.code, run.stdout + run.stderr).toBe(0)
  expect(run.stdout).toContain('unlocked by a key from')
  expect(run.stdout).not.toContain('SWMKEY-')
  expect(await on(name, state)).toBe('active')
  await untilWell()
  expect(changed(await events(['--yes']))).toEqual(['h1 swarm-autolock[autolock]'])
})
