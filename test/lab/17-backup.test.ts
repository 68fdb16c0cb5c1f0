import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freeze } from '../../src/lab/host.ts'
import { down } from '../../src/lab/lab.ts'
import { labHost } from '../../src/lab/settings.ts'
import { sh } from '../../src/shell/sh.ts'
import { good, provision } from './cli.ts'
import { execute, query, Writer } from './client.ts'
import { asSuperuser, clusterUp, crash, on, roles, untilWell } from './cluster.ts'
import { onMachine } from './machines.ts'
import { giveKeys, inventoryWithStore, store, storeUp, untilArchived } from './s3.ts'
import { plant, plantSettings, powers, sprung, trappedIn } from './traps.ts'

const database = 'distributed_postgres_cluster'
let authority: string
let inventory: readonly string[]
/** Its owner has planted what it can for a superuser; the whole suite runs beside that. */
const trapped = trappedIn('claude_flow_shared', 'shared_app')
let before: readonly string[]

/** A command on the cluster with backups; gives what it said on standard output. */
const done = (...words: readonly string[]) => good(provision([...words, ...inventory]))
const converge = () => done('--yes', '--output', 'plain')

beforeAll(async () => {
  await clusterUp()
  await untilWell()
  authority = await storeUp()
  inventory = inventoryWithStore(authority)
  await plant(trapped)
  await plantSettings(trapped)
  before = await powers()
})
afterAll(() => down())

test('a key that only the operator knows, and that is not there, is asked for before the first connection', async () => {
  // Secrets of its own, beside the inventory: the lab's have the key from the second run of this suite on.
  const bare = inventoryWithStore(authority, {}, (document) =>
    document.setIn(['secrets', 'file'], 'none.age'),
  )
  const run = await provision(['plan', ...bare])
  expect([run.code, run.stderr]).toEqual([4, expect.stringContaining('provision secrets set backup-s3-key')])
  await giveKeys(inventory)
})

test('archiving begins without an outage, the first backup is made; again nothing is to do', async () => {
  const writer = await Writer.start()
  const started = performance.now()
  await converge()
  await untilWell(180, inventory)
  const { lost, outage } = await writer.stop()
  console.log(
    `backups set up: ${((performance.now() - started) / 1000).toFixed(0)} s, ${outage.toFixed(1)} s without a write`,
  )
  expect([lost, outage < 10]).toEqual([[], true])
  const list = JSON.parse(await done('backup', 'list', '--output', 'json'))
  expect(list[0].backup.map((b: { type: string }) => b.type)).toEqual(['full'])
  expect((await provision(['plan', ...inventory, '--detailed-exitcode'])).code).toBe(0)
})

test('a backup by hand is made by a standby; no key is in any log or process list', async () => {
  const { standbys } = await roles()
  const said = await done('backup', '--type', 'incr')
  expect(said).toMatch(new RegExp(`incr .* ${standbys.toSorted()[0]}`))
  for (const name of ['h1', 'h2', 'h3'])
    expect(
      await on(
        name,
        sh`! { journalctl -q --since -10min; docker logs --since 10m $(docker ps -qf name=postgres-) 2>&1; ps axww -o args; } | grep lab-backup-s[3]`,
      ),
    ).toBe('')
})

test('a table that was dropped by mistake is had back as it was one second before, beside the cluster', async () => {
  await execute(
    database,
    'CREATE TABLE precious (n int PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp())',
  )
  for (let n = 0; n < 10; n++) {
    await execute(database, `INSERT INTO precious (n) VALUES (${n})`)
    await sleep(300)
  }
  const at = await query(
    database,
    'SELECT to_char(clock_timestamp() AT TIME ZONE \'UTC\', \'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\')',
  )
  await sleep(1000)
  await execute(database, 'DROP TABLE precious')
  await execute(database, 'CREATE TABLE later (n int)')
  await execute(database, 'DROP TABLE later')
  await untilArchived()
  const { standbys } = await roles()
  const host = standbys.toSorted()[0] ?? ''
  const said = await done('restore', '--to', at)
  console.log(said)
  expect(
    await on(
      host,
      sh`/usr/local/sbin/provision-backup scratch-psql ${database} -c 'SELECT count(*) FROM public.precious'`,
    ),
  ).toBe('10')
  // The traps have come with it: a superuser looks into their database, and dumps it.
  expect(
    await on(
      host,
      sh`cd /tmp; /usr/local/sbin/provision-backup scratch-psql claude_flow_shared -c "SELECT count(*) FROM pg_extension WHERE extname = 'plpgsql'" -c 'SELECT id FROM public.bait'
/usr/local/sbin/provision-backup scratch-dump -t public.bait claude_flow_shared | grep -c 'COPY public.bait'
docker exec provision-scratch grep -c ${trapped.mark} /run/provision/postgres.log || :`,
    ),
  ).toBe('1\n1\n1\n0')
  // It listens on no network, and archives nothing.
  expect(
    await on(
      host,
      sh`/usr/local/sbin/provision-backup scratch-psql postgres -c "SELECT current_setting('archive_mode'), current_setting('listen_addresses')"`,
    ),
  ).toBe('off|')
  // A second one would take it from whoever looks into it.
  const second = await provision(['restore', '--to', 'latest', ...inventory])
  expect([second.code, second.stderr]).toEqual([1, expect.stringContaining('provision restore --drop')])
  await done('restore', '--drop')
  expect(
    await on(
      host,
      sh`docker ps -aq --filter name=provision-scratch; ls -d /var/lib/pg-scratch 2>/dev/null || :`,
    ),
  ).toBe('')
})

test('a drill restores, compares, and says RPO and RTO as measured', async () => {
  const { leader } = await roles()
  // Five, so that three are older than the newest two; slowly, because systemd starts a unit five times in 10 s at most.
  for (let i = 0; i < 5; i++) {
    await on(leader, sh`systemctl start provision-canary`)
    await sleep(2500)
  }
  await untilArchived()
  const drill = JSON.parse(await done('drill', 'restore', '--output', 'json')) as {
    readonly rows: number
    readonly rpoSeconds: number
    readonly rtoSeconds: number
  }
  console.log(`drill: RPO ${drill.rpoSeconds} s, RTO ${drill.rtoSeconds} s, ${drill.rows} rows`)
  expect(drill.rows).toBeGreaterThanOrEqual(3)
  expect(drill.rpoSeconds).toBeLessThan(60)
  const { stdout } = await provision(['status', ...inventory])
  expect(stdout).toMatch(/restored \d+ min ago on h\d: RPO .*\nnext: .*incr in \d+/)
  expect([await sprung(trapped), await powers()]).toEqual([[], before])
  // A row that is not as in the cluster is found.
  const [first] = (await asSuperuser('SELECT min(id) FROM provision.canary')).split('\n')
  await asSuperuser(`UPDATE provision.canary SET at = at + interval '1 ms' WHERE id = ${first}`)
  const wrong = await provision(['drill', 'restore', ...inventory])
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('are not those of the cluster')])
})

test('the repository is away under load: no outage, WAL is kept, and it catches up', async () => {
  const writer = await Writer.start()
  freeze(labHost(store), true)
  try {
    // Five minutes: test/long/8-backup.test.ts.
    await sleep(25_000)
    expect(
      Number(await asSuperuser("SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'")),
    ).toBeGreaterThan(1)
    // No plan hangs on a store that hangs.
    const started = performance.now()
    expect((await provision(['plan', ...inventory])).code).toBe(0)
    expect(performance.now() - started).toBeLessThan(30_000)
  } finally {
    freeze(labHost(store), false)
  }
  await untilArchived()
  const { lost, outage } = await writer.stop()
  console.log(`the repository was away: ${outage.toFixed(1)} s without a write`)
  expect([lost, outage < 2]).toEqual([[], true])
  expect((await provision(['backup', 'verify', ...inventory])).code).toBe(0)
})

test('the primary is lost while the repository is away: another one takes over all the same', async () => {
  const writer = await Writer.start()
  const { leader } = await roles()
  await onMachine(store, sh`systemctl stop haproxy`)
  try {
    await sleep(10_000)
    await crash(leader)
    await sleep(5000)
    await writer.untilCalm(3, 60)
  } finally {
    await onMachine(store, sh`systemctl start haproxy`)
  }
  const { lost, outage } = await writer.stop()
  console.log(`lost while the repository was away: ${outage.toFixed(1)} s without a write`)
  expect([lost, outage < 20]).toEqual([[], true])
  await untilWell(180, inventory)
  await untilArchived()
})

test('the whole cluster goes back to a point in time: three members, a new timeline, what was there kept aside', async () => {
  await execute(database, 'CREATE TABLE before AS SELECT 1 AS n')
  const at = await query(
    database,
    'SELECT to_char(clock_timestamp() AT TIME ZONE \'UTC\', \'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\')',
  )
  await sleep(1000)
  await execute(database, 'CREATE TABLE mistake AS SELECT 1 AS n')
  const unconfirmed = await provision([
    'restore',
    '--cluster',
    '--to',
    at,
    ...inventory,
    '--yes',
    '--confirm',
    'other',
  ])
  expect([unconfirmed.code, unconfirmed.stderr]).toEqual([
    expect.any(Number),
    expect.stringContaining('nothing was changed'),
  ])
  const started = performance.now()
  await done(
    'restore',
    '--cluster',
    '--to',
    at,
    '--yes',
    '--confirm',
    'postgres-cluster',
    '--output',
    'plain',
  )
  console.log(`the whole cluster restored: ${((performance.now() - started) / 1000).toFixed(0)} s`)
  await untilWell(180, inventory)
  expect(
    await query(database, "SELECT to_regclass('before') IS NOT NULL, to_regclass('mistake') IS NULL"),
  ).toBe('t\tt')
  for (const name of ['h1', 'h2', 'h3'])
    expect(await on(name, sh`ls -d /var/lib/pg/before-*/data | wc -l`)).toBe('1')
  expect((await provision(['plan', ...inventory, '--detailed-exitcode'])).code).toBe(0)
  expect([await sprung(trapped), await powers()]).toEqual([[], before])
})
