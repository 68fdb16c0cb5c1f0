import { afterAll, beforeAll, expect, test } from 'vitest'
import { clusterUp, crash, roles, untilWell } from './cluster.ts'
import { type Look, looks, pgvector, plant, psql, right } from './vectors.ts'

beforeAll(async () => {
  await clusterUp()
  await untilWell()
  await plant(pgvector)
})
afterAll(async () => {
  await psql((await roles()).leader, pgvector, 'DROP SCHEMA smoke CASCADE')
})

/** One primary, two standbys, and one answer: by the index, by a scan and with a bound vector. */
function agree(all: readonly Look[]): void {
  expect(all.map(({ standby }) => standby)).toEqual([false, true, true])
  const [leader] = all
  expect(leader?.size).toBeGreaterThan(500_000)
  for (const { host, standby, ...answer } of all)
    expect([host, answer]).toEqual([
      host,
      {
        rows: 2000,
        size: leader?.size,
        usesIndex: true,
        indexed: [right, right],
        exact: right,
        bound: right,
      },
    ])
}

test('pgvector: the index of every member gives the right answer, on standbys as on the leader', async () => {
  agree(await looks(pgvector))
})

test('pgvector: after a crash of the leader the new one has the index, and so has the old one', async () => {
  const { leader } = await roles()
  await crash(leader)
  await untilWell()
  const now = await roles()
  expect(now.leader).not.toBe(leader)
  agree(await looks(pgvector))
  await psql(
    now.leader,
    pgvector,
    `INSERT INTO smoke.v VALUES (6000, '[1000.1,0,0,0,0,0,0,1]'), (6001, '[999.9,0,0,0,0,0,0,1]')`,
  )
  const nearer = '1000,1001,5000,6000,6001'
  for (const { host, indexed, exact } of await looks(pgvector))
    expect([host, indexed, exact]).toEqual([host, [nearer, nearer], nearer])
})
