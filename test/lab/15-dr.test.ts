import { afterAll, beforeAll, expect, test } from 'vitest'
import { kill, start, untilSsh } from '../../src/lab/host.ts'
import { sh } from '../../src/shell/sh.ts'
import { act, done, outageOf } from './acting.ts'
import { execute, query } from './client.ts'
import { clusterUp, hostNamed, on, roles, untilWell } from './cluster.ts'

const hosts = ['h1', 'h2', 'h3']
const database = 'distributed_postgres_cluster'

beforeAll(async () => {
  await clusterUp()
  await untilWell()
  await execute(database, 'DROP TABLE IF EXISTS damaged, kept')
})
// The next suite goes on with the cluster.
afterAll(() => untilWell())

const everywhere = (script: ReturnType<typeof sh>) => Promise.all(hosts.map((h) => on(h, script)))

test("etcd's data is gone on all three under a writer: refused by a plain run, founded anew by dr etcd-lost", async () => {
  const made = sh`od -An -t u8 -N8 /var/lib/pg/data/main/global/pg_control; stat -c %i /var/lib/pg/data/main/PG_VERSION`
  const before = await everywhere(made)
  const { leader } = await roles()
  const healthy = await act(['dr', 'etcd-lost'])
  expect([healthy.code, healthy.stdout]).toEqual([1, expect.stringContaining('etcd is there')])
  expect(healthy.stdout).not.toContain('changed  ')
  const { outage, acknowledged } = await outageOf(async () => {
    // Killed and taken away at once, so that none that comes back early is given the data again by the others.
    await everywhere(
      sh`name=etcd-$(hostname); id=$(docker ps -qf name=etcd-); docker kill -s KILL "$id" >/dev/null; docker service rm "$name" >/dev/null; while docker ps -qf name=etcd- | grep -q .; do sleep 0.2; done; rm -rf /var/lib/etcd/member`,
    )
    const plain = await act([])
    expect([plain.code, plain.stdout]).toEqual([1, expect.stringContaining('provision dr etcd-lost')])
    expect(plain.stdout).not.toContain('changed  ')
    // A try that dies when the others are being barred.
    await act(['dr', 'etcd-lost'], { killWhen: 'changed  command[only' })
    const half = await act([])
    expect([half.code, half.stdout]).toEqual([1, expect.stringContaining('provision dr etcd-lost')])
    await done('dr', 'etcd-lost')
  })
  console.log(`etcd lost: ${outage.toFixed(1)} s without a write, ${acknowledged} acknowledged, 0 lost`)
  // Patroni's failsafe keeps the primary, and nobody notices. Where a member did not answer it within two seconds, the primary
  // has stepped down, writes have waited, and whoever is as far may lead.
  const leads = (await roles()).leader
  if (outage < 5) expect(leads).toBe(leader)
  // The same database, and no member was made anew.
  expect(await everywhere(made)).toEqual(before)
  expect((await everywhere(sh`grep -c nofailover /etc/provision/postgres/patroni.yml || :`)).join()).toBe(
    '0,0,0',
  )
  await untilWell()
})

test('a damaged page on the primary: found by reading all, another leads, made anew, nothing is lost', async () => {
  const { leader } = await roles()
  await execute(
    database,
    "CREATE TABLE damaged AS SELECT g AS n, repeat('x', 200) AS pad FROM generate_series(1, 20000) g",
  )
  // Else autovacuum may find it, mark its pages, and write them anew over the damage.
  await execute(database, 'VACUUM (FREEZE, ANALYZE) damaged')
  const path = await query(database, "SELECT pg_relation_filepath('damaged')")
  const psql = sh`docker exec $(docker ps -qf name=postgres-) psql -XAtc`
  const sound = await act(['dr', 'corrupt', leader])
  expect([sound.code, sound.stdout]).toEqual([1, expect.stringContaining('nothing is damaged')])
  await on(
    leader,
    sh`${psql} CHECKPOINT; printf DAMAGED | dd of=${`/var/lib/pg/data/main/${path}`} bs=1 seek=413600 conv=notrunc 2>/dev/null`,
  )
  const { outage } = await outageOf(async () => {
    await done('dr', 'corrupt', leader)
  })
  console.log(`damaged page: ${outage.toFixed(1)} s without a write`)
  expect((await roles()).leader).not.toBe(leader)
  await untilWell()
  expect(await query(database, 'SELECT count(*), sum(n) FROM damaged')).toBe('20000\t200010000')
  await execute(database, 'DROP TABLE damaged')
  expect(
    (await everywhere(sh`${psql} 'SELECT sum(checksum_failures) FROM pg_stat_database'`)).map(Number),
  ).toEqual([0, 0, 0])
})

test('all hosts lose their power while Patroni is paused: dr all-down brings them back', async () => {
  await execute(database, 'CREATE TABLE kept AS SELECT 42 AS n')
  await done('maintenance', 'on')
  const all = await Promise.all(hosts.map(hostNamed))
  await Promise.all(all.map((host) => kill(host)))
  await Promise.all(all.map((host) => start(host)))
  await Promise.all(all.map((host) => untilSsh(host)))
  const started = performance.now()
  const said = await done('dr', 'all-down')
  console.log(`all down: ${((performance.now() - started) / 1000).toFixed(0)} s from SSH to well`)
  expect(said).toContain('patroni-pause[pause]')
  await untilWell()
  expect(await query(database, 'SELECT n FROM kept')).toBe('42')
  await execute(database, 'DROP TABLE kept')
})

test('etcd gives back its room, the leader last; a snapshot is brought here, and never over another', async () => {
  expect(await done('etcd', 'defrag')).toContain('hands over the lead of etcd')
  const out = `.lab/etcd-${Date.now()}.db`
  await done('etcd', 'snapshot', '--out', out)
  const again = await act(['etcd', 'snapshot', '--out', out])
  expect([again.code, again.stderr]).toEqual([4, expect.stringContaining('is there already')])
})
