import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { freeze } from '../../src/lab/host.ts'
import { labHost } from '../../src/lab/settings.ts'
import { sh } from '../../src/shell/sh.ts'
import { provision } from '../lab/cli.ts'
import { Writer } from '../lab/client.ts'
import { clusterUp, on, roles, untilWell } from '../lab/cluster.ts'
import { giveKeys, inventoryWithStore, store, storeUp } from '../lab/s3.ts'

let inventory: readonly string[]

async function done(...words: readonly string[]): Promise<string> {
  const run = await provision([...words, ...inventory, '--yes', '--output', 'plain'])
  if (run.code !== 0) throw new Error(run.stdout.slice(-3000) + run.stderr)
  return run.stdout
}

beforeAll(async () => {
  await clusterUp()
  await untilWell()
  inventory = inventoryWithStore(await storeUp(), { standbys: true })
  await giveKeys(inventory)
  await done()
  await untilWell(180, inventory)
})
// The next suite goes on with this cluster.

test('a standby is built from the repository, and streams from there on', async () => {
  const { standbys } = await roles()
  const [name = ''] = standbys
  await done('reinit', name)
  await untilWell(180, inventory)
  const log = await on(name, sh`docker logs --since 10m $(docker ps -qf name=postgres-) 2>&1`)
  expect(log).toContain('replica has been created using pgbackrest')
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
  const { leader } = await roles()
  const ask = (text: string) =>
    on(
      leader,
      sh`printf %s ${text} | docker exec -i "$(docker ps -qf name=postgres-)" psql-leader -Atq postgres`,
    )
  const segment = await ask('SELECT pg_walfile_name(pg_switch_wal())')
  for (let i = 0; i < 240; i++) {
    if (
      (await ask(`SELECT coalesce(last_archived_wal >= '${segment}', false) FROM pg_stat_archiver`)) === 't'
    )
      break
    await sleep(1000)
  }
  const { lost, outage, acknowledged } = await writer.stop()
  console.log(`${acknowledged} writes, ${outage.toFixed(1)} s without one`)
  expect([lost, outage < 2]).toEqual([[], true])
  const list = JSON.parse(
    (await provision(['backup', 'list', ...inventory, '--output', 'json'])).stdout,
  ) as readonly { readonly archive: readonly { readonly max: string }[] }[]
  expect((list[0]?.archive.at(-1)?.max ?? '') >= segment).toBe(true)
  expect((await provision(['backup', 'verify', ...inventory])).code).toBe(0)
})
