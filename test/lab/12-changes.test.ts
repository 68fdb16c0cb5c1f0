import { beforeAll, expect, test } from 'vitest'
import { sh } from '../../src/shell/sh.ts'
import { changed, events, labInventory, planned, provision } from './cli.ts'
import { query, Writer } from './client.ts'
import { clusterUp, on, roles, untilWell } from './cluster.ts'
import { measured, within } from './limits.ts'

beforeAll(async () => {
  await clusterUp()
  await untilWell()
})

const startOf = () => query('distributed_postgres_cluster', 'SELECT pg_postmaster_start_time()')

/** A run under a writer through the VIP. */
async function underWrites(args: readonly string[]) {
  const writer = await Writer.start()
  try {
    const all = await events([...args, '--yes'])
    await writer.untilCalm()
    return { all, outcome: await writer.stop() }
  } catch (error) {
    writer.kill()
    throw error
  }
}

test('a parameter that needs no restart is changed without one', async () => {
  const before = await startOf()
  await events(['--set', 'postgres.parameters.work_mem=5MB', '--yes'])
  expect(await query('distributed_postgres_cluster', `SELECT current_setting('work_mem')`)).toBe('5MB')
  expect(await startOf()).toBe(before)
})

const sizeOf = () => query('distributed_postgres_cluster', `SELECT current_setting('max_connections')`)
const raised = (by: number) => ['--set', `postgres.maxConnections=${200 + by}`]

test('one that needs a restart is planned as such, and rolled out leader last', measured, async () => {
  // Where it is measured once more it is raised once more.
  const by = Number(await sizeOf()) - 190
  const set = raised(by)
  const plan = planned(await events(['plan', ...set]))
  expect(plan.filter((id) => id.endsWith('patroni-restart[pending]'))).toHaveLength(3)
  const { leader } = await roles()
  const { all, outcome } = await underWrites(set)
  const hosts = changed(all).flatMap((id) => (/^(h\d) file\[.*patroni.yml\]/.exec(id) ?? []).slice(1))
  expect(hosts.at(-1)).toBe(leader)
  expect(await sizeOf()).toBe(`${200 + by}`)
  expect(outcome.lost).toEqual([])
  within('a parameter raised', outcome.outage, 5)
})

test('lowered again it is the leader that goes first', measured, async () => {
  if ((await sizeOf()) === '200') await events([...raised(10), '--yes'])
  const { leader } = await roles()
  const { all, outcome } = await underWrites([])
  const hosts = changed(all).flatMap((id) => (/^(h\d) file\[.*patroni.yml\]/.exec(id) ?? []).slice(1))
  expect(hosts[0]).toBe(leader)
  expect(await sizeOf()).toBe('200')
  expect(outcome.lost).toEqual([])
  expect(changed(await events([]))).toEqual([])
  within('a parameter lowered', outcome.outage, 5)
})

test('values that do not fit are refused before anything is changed', async () => {
  const run = await provision([...labInventory, '--set', 'postgres.parameters.shared_buffers=900GB'])
  expect(run.stdout + run.stderr).toContain('shared_buffers 900GB')
  const own = await provision([...labInventory, '--set', 'postgres.parameters.port=5'])
  expect(own.stdout + own.stderr).toContain('postgres.parameters.port cannot be set')
})

test('a rotated password reaches the server, the services and nothing else', async () => {
  for (const name of ['pg-replication', 'pg-pooler', 'patroni-rest', 'db-cluster_app']) {
    const rotated = await provision(['secrets', 'rotate', name, ...labInventory])
    expect(rotated.code, rotated.stderr).toBe(0)
  }
  // The application itself changes its password with its owner: a writer of another database goes on.
  const writer = await Writer.start('claude_flow_shared', 'shared_app')
  const run = await provision([...labInventory, '--yes'])
  expect(run.code, run.stdout + run.stderr).toBe(0)
  await untilWell()
  await writer.untilCalm()
  const outcome = await writer.stop()
  expect(outcome.lost).toEqual([])
  within(`passwords rotated (${outcome.failures.join('; ')})`, outcome.outage, 5)
  expect(await query('distributed_postgres_cluster', 'SELECT 1')).toBe('1')
  const secrets = await on('h1', sh`docker secret ls --format '{{.Name}}' | grep -c '^pg-replication_'`)
  expect(secrets).toBe('1')
})

test("a primary's pooler that was stopped is started at once: nobody waits for anybody", async () => {
  const { leader } = await roles()
  await on('h1', sh`docker service scale -d ${`pgbouncer-${leader}=0`} >/dev/null`)
  await on(leader, sh`while ss -Hltn 'sport = :6432' | grep -q .; do sleep 0.2; done`)
  const started = performance.now()
  expect(changed(await events(['--yes']))).toContain(`${leader} swarm-service[pgbouncer-${leader}]`)
  expect(performance.now() - started).toBeLessThan(45_000)
  await untilWell()
  expect((await roles()).leader).toBe(leader)
})
