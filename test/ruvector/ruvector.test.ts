/**
 * `npm run test:ruvector`: compiles RuVector from its crate (long) and says what is true of it on three real hosts.
 * Not part of `npm test`. It asserts what the tool promises; what RuVector's own index does is printed.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { down, up } from '../../src/lab/lab.ts'
import { labInventory, provision } from '../lab/cli.ts'
import { asSuperuser, crash, roles, untilWell } from '../lab/cluster.ts'
import { type Look, looks, plant, psql, right, type Vectors } from '../lab/vectors.ts'

const database = (name: string, vector: string) =>
  `{ name: ${name}, owner: ${name}_app, durability: sync, vector: ${vector}, extensions: [], readers: [], writers: [] }`
const withRuvector = [
  '--set',
  'images.ruvector=true',
  '--set',
  `databases.list=[${database('plain', 'pgvector')}, ${database('exact', 'ruvector')}]`,
]
/** As the tool gives it: no index. */
const exact: Vectors = { database: 'exact', owner: 'exact_app', type: 'ruvector' }
/** As upstream gives it, in a database of the test's own: what would be, were its index allowed. */
const upstream: Vectors = {
  database: 'upstream',
  owner: 'exact_app',
  type: 'ruvector',
  index: ['hnsw', 'ruvector_l2_ops'],
}

beforeAll(async () => {
  await up(3)
  const run = await provision([...labInventory, ...withRuvector, '--yes', '--output', 'plain'])
  if (run.code !== 0) throw new Error(run.stdout.slice(-3000) + run.stderr)
  await untilWell()
}, 9_000_000)
afterAll(() => down())

test('again: nothing changes', async () => {
  const plan = await provision(['plan', ...labInventory, ...withRuvector, '--detailed-exitcode'])
  expect(plan.code, plan.stdout).toBe(0)
})

test('verify tells what was measured of the index', async () => {
  const { stdout, code } = await provision(['verify', ...labInventory, ...withRuvector])
  console.log(stdout)
  expect(stdout).toContain("RuVector's index")
  expect(code).toBe(0)
})

test('no index can be made in a database of the tool', async () => {
  await plant(exact)
  const { leader } = await roles()
  const said = await psql(leader, exact, 'CREATE INDEX ON smoke.v USING hnsw (e ruvector_l2_ops)')
  expect(said).toContain('access method "hnsw" does not exist')
})

test('exact scans: right on every member, also after a crash of the leader', async () => {
  agree(await looks(exact))
  const { leader } = await roles()
  await crash(leader)
  await untilWell()
  expect((await roles()).leader).not.toBe(leader)
  agree(await looks(exact))
})

test('its own index, as upstream ships it: what is true, printed', async () => {
  await asSuperuser('DROP DATABASE IF EXISTS upstream')
  await asSuperuser('CREATE DATABASE upstream OWNER exact_app')
  await asSuperuser('CREATE EXTENSION ruvector SCHEMA public', 'h1', 'upstream')
  try {
    await plant(upstream)
    print('after it was made', await looks(upstream))
    await untilWell()
    await crash((await roles()).leader)
    await untilWell()
    print('after a crash of the leader and a failover', await looks(upstream))
  } catch (error) {
    console.log(`it could not be asked further: ${error}`)
  }
  await untilWell()
  await asSuperuser('DROP DATABASE upstream WITH (FORCE)')
})

function agree(all: readonly Look[]): void {
  expect(all.map(({ standby }) => standby)).toEqual([false, true, true])
  for (const { host, rows, exact, bound } of all)
    expect([host, rows, exact, bound]).toEqual([host, 2000, right, right])
}

function print(when: string, all: readonly Look[]): void {
  console.log(`${when} (right: ${right})`)
  for (const { host, standby, ...answer } of all)
    console.log(`  ${host} ${standby ? 'standby' : 'leader '} ${JSON.stringify(answer)}`)
}
