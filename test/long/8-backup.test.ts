import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { freeze } from '../../src/lab/host.ts'
import { lab } from '../../src/lab/lab.ts'
import { labHost } from '../../src/lab/settings.ts'
import { sh } from '../../src/shell/sh.ts'
import { good, labInventory, provision } from '../lab/cli.ts'
import { execute, query, Writer } from '../lab/client.ts'
import { asSuperuser, clusterUp, on, roles, untilWell } from '../lab/cluster.ts'
import { blank } from '../lab/machines.ts'
import { giveKeys, inventoryWithStore, store, storeUp, untilArchived } from '../lab/s3.ts'

let inventory: readonly string[]

const done = (...words: readonly string[]) =>
  good(provision([...words, ...inventory, '--yes', '--output', 'plain']))

beforeAll(async () => {
  await clusterUp()
  await untilWell()
  inventory = inventoryWithStore(await storeUp(), { standbys: true })
  await giveKeys(inventory)
  await done()
  await untilWell(180, inventory)
})
// The next suite goes on with this cluster.

const restoreAll = ['restore', '--cluster', '--confirm', 'postgres-cluster', '--yes', '--output', 'plain']

/** Data for a standby anew, and what Patroni says of it. */
async function reinit(): Promise<string> {
  const name = (await roles()).standbys[0] ?? ''
  const begun = (await on(name, sh`date +%s`)).trim()
  await done('reinit', name)
  await untilWell(180, inventory)
  return await on(name, sh`docker logs --since ${begun} $(docker ps -qf name=postgres-) 2>&1`)
}

test('a standby is built from the repository, and streams from there on', async () => {
  expect(await reinit()).toContain('replica has been created using pgbackrest')
  expect((await provision(['plan', ...inventory, '--detailed-exitcode'])).code).toBe(0)
})

test('the repository is away for five minutes under load: no outage, and nothing is missing in it after', async () => {
  const writer = await Writer.start()
  freeze(labHost(store), true)
  try {
    await sleep(300_000)
  } finally {
    freeze(labHost(store), false)
  }
  const segment = await untilArchived(240)
  const { lost, outage, acknowledged } = await writer.stop()
  console.log(`${acknowledged} writes, ${outage.toFixed(1)} s without one`)
  expect([lost, outage < 2]).toEqual([[], true])
  const list = JSON.parse(
    (await provision(['backup', 'list', ...inventory, '--output', 'json'])).stdout,
  ) as readonly { readonly archive: readonly { readonly max: string }[] }[]
  expect((list[0]?.archive.at(-1)?.max ?? '') >= segment).toBe(true)
  expect((await provision(['backup', 'verify', ...inventory])).code).toBe(0)
})

test('backups were off for a while: what sets them up again makes one', async () => {
  await good(provision([...labInventory, '--yes', '--output', 'plain']))
  const { leader } = await roles()
  expect((await provision(['backup', 'list', ...labInventory])).code).not.toBe(0)
  for (let i = 0; i < 3; i++)
    await asSuperuser("SELECT pg_switch_wal() FROM pg_logical_emit_message(true, '', '')")
  await done()
  await untilWell(180, inventory)
  await on(leader, sh`provision-backup gap`)
  expect(await reinit()).toContain('replica has been created using pgbackrest')
})

test('WAL is missing in the repository: a standby is copied from the primary, until there is a new backup', async () => {
  const { leader } = await roles()
  // What is left when WAL is dropped for the disk's sake.
  await on(
    leader,
    sh`docker exec "$(docker ps -qf name=postgres-)" sh -ec 'lost=$(pgbackrest repo-ls --recurse archive/postgres-cluster | grep -E "/[0-9A-F]{24}-" | tail -n 2 | head -n 1); pgbackrest repo-rm "archive/postgres-cluster/$lost"'`,
  )
  const log = await reinit()
  expect(log).toContain('though it has later ones; its newest backup needs it')
  expect(log).toContain('replica has been created using basebackup')
  const back = await provision([...restoreAll, ...inventory])
  expect(back.code).not.toBe(0)
  expect(back.stdout).toContain('though it has later ones')
  // To the gap, if need be. The cluster that comes of it begins with a backup.
  await good(provision([...restoreAll, '--set', 'restore.toGap=true', ...inventory]))
  await untilWell(180, inventory)
  expect(await reinit()).toContain('replica has been created using pgbackrest')
})

test('all three hosts are lost: new machines have the data back from the repository', async () => {
  const database = 'distributed_postgres_cluster'
  await execute(
    database,
    'DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n',
  )
  await good(provision(['backup', '--type', 'incr', ...inventory]))
  for (const name of ['h1', 'h2', 'h3']) await blank(name)
  await lab(['trust'])
  const started = performance.now()
  const made = await provision([...inventory, '--yes', '--output', 'plain'])
  expect(made.code).not.toBe(0)
  expect(made.stdout).toContain('has the backups of another cluster of this name')
  await good(provision([...restoreAll, ...inventory]))
  await untilWell(180, inventory)
  console.log(`from bare machines: ${((performance.now() - started) / 1000).toFixed(0)} s`)
  expect(await query(database, 'SELECT count(*) FROM kept')).toBe('1000')
  expect((await provision(['plan', ...inventory, '--detailed-exitcode'])).code).toBe(0)
})
