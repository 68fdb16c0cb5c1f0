import { afterAll, beforeAll, expect, test } from 'vitest'
import { literal } from '../../src/postgres/quote.ts'
import { pgExtension, pgGrant } from '../../src/resources/sql.ts'
import { sh } from '../../src/shell/sh.ts'
import { good, labInventory, provision } from './cli.ts'
import { asSuperuser, clusterUp, on, roles, untilWell } from './cluster.ts'
import { asOwner, plant, plantSettings, powers, resetSettings, sprung } from './traps.ts'

/** A database with traps of its owner in it, beside the lab's own two. */
const trapped = { database: 'trapped', owner: 'trapped_app' }
const others =
  '{ name: distributed_postgres_cluster, owner: cluster_app, extensions: [pg_stat_statements] }, { name: claude_flow_shared, owner: shared_app }'
const bare = list('vector: none')
const full = list(
  'vector: pgvector, extensions: [cube, earthdistance, hstore], readers: [trapped_reader], writers: [trapped_writer]',
)

function list(more: string): readonly string[] {
  return [
    ...labInventory,
    '--set',
    `databases.list=[${others}, { name: trapped, owner: trapped_app, ${more} }]`,
  ]
}

/** A command that must succeed; gives what it said. */
const done = (...words: readonly string[]) => good(provision(words))
const converge = (inventory: readonly string[]) => done(...inventory, '--yes', '--output', 'plain')

async function forget(): Promise<void> {
  await asSuperuser('DROP DATABASE IF EXISTS trapped (FORCE)')
  for (const role of ['trapped_app', 'trapped_reader', 'trapped_writer'])
    await asSuperuser(`DROP ROLE IF EXISTS ${role}`)
}

beforeAll(async () => {
  await clusterUp()
  await untilWell()
  await forget()
  await converge(bare)
  await plant(trapped)
})
afterAll(forget)

test('a schema of the name that extensions have, made by the owner, is refused with what to do', async () => {
  await asOwner(trapped, 'CREATE SCHEMA provision_extensions')
  const run = await provision([...full, '--yes', '--output', 'plain'])
  expect([run.code, run.stdout + run.stderr]).toEqual([
    1,
    expect.stringMatching(/schema provision_extensions of database trapped.*trapped_app.*ALTER SCHEMA/s),
  ])
  await asOwner(trapped, 'ALTER SCHEMA provision_extensions RENAME TO was_mine')
})

test('plan, run, verify, status and a switchover work beside the traps, and run none of them', async () => {
  await plantSettings(trapped)
  const before = await powers()
  await done('plan', ...full)
  await converge(full)
  expect((await provision(['plan', ...full, '--detailed-exitcode'])).code).toBe(0)
  await done('verify', ...full)
  await done('status', ...full)
  const { leader, standbys } = await roles()
  await done('switchover', '--to', standbys[0] ?? '', ...full, '--yes', '--output', 'plain')
  expect((await roles()).leader).not.toBe(leader)
  await untilWell()
  expect((await provision(['plan', ...full, '--detailed-exitcode'])).code).toBe(0)
  const readers = ['trapped_reader f f f f f', 'trapped_writer f f f f f']
  expect((await powers()).filter((line) => !readers.includes(line))).toEqual(
    before.filter((line) => !readers.includes(line)),
  )
  expect(await sprung(trapped)).toEqual([])
})

test('whatever an owner may set for its database, our statements mean the same, and work', async () => {
  const { holds, run } = pgExtension('moddatetime', { via: '', database: 'trapped' }).desired
  const grant = pgGrant('trapped_reader', {
    via: '',
    database: 'trapped',
    owner: 'trapped_app',
    access: 'read',
  }).desired
  await resetSettings(trapped)
  const rounds = (await candidates()).map(
    ([name, value]) => `\\connect postgres
DO $$ BEGIN END $$;
SET SESSION AUTHORIZATION trapped_app;
ALTER DATABASE trapped SET ${name} = ${value};
\\if :ERROR
\\else
\\echo ## ${name} = ${value}
\\endif
RESET SESSION AUTHORIZATION;
\\connect trapped
SELECT 'before', (${holds});
${run}
${grant.run}
SELECT 'after', (${holds}), (${grant.holds});
DROP EXTENSION moddatetime;
\\connect postgres
ALTER DATABASE trapped RESET ${name};`,
  )
  const said = await on(
    'h1',
    sh`printf '%s\n' ${rounds.join('\n')} | docker exec -i "$(docker ps -q --filter label=com.docker.swarm.service.name=postgres-h1)" psql-leader -Atq postgres 2>&1`,
  )
  const [, ...all] = said.split(/^## /m)
  const wrong = all.filter((text) => !/^before\|f\n(?:.*\n)*?after\|t\|t$/m.test(text))
  console.log(`${all.length} settings planted one by one`)
  expect(all.length).toBeGreaterThan(300)
  expect(wrong).toEqual([])
  expect(await sprung(trapped)).toEqual([])
})

test("an application finds its extensions unqualified, and keeps its owner's search_path", async () => {
  await asSuperuser('ALTER DATABASE trapped RESET ALL')
  const path = () =>
    asSuperuser(
      "SELECT s.setconfig FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase WHERE d.datname = 'claude_flow_shared' AND s.setrole = 0",
    )
  console.log(await path())
})

test('no account of the cluster comes by the pooler', async () => {
  const { leader } = await roles()
  const counted = await asSuperuser(
    `SELECT coalesce(pg_catalog.string_agg(DISTINCT usename, ' '), '') FROM pg_catalog.pg_stat_activity WHERE application_name ~ 'nothing'`,
  )
  expect([leader.length, counted]).toEqual([2, ''])
})

/** Every setting that the server lets an owner plant, with the values that are furthest from each other. */
async function candidates(): Promise<readonly (readonly [name: string, value: string])[]> {
  const rows = await asSuperuser(
    "SELECT pg_catalog.concat_ws('|', name, vartype, min_val, max_val, pg_catalog.array_to_string(enumvals, ',')) FROM pg_catalog.pg_settings WHERE context = 'user' ORDER BY 1",
  )
  return [
    ...rows.split('\n').flatMap((row) => {
      const [name = '', type = '', least = '', most = ''] = row.split('|')
      const values = texts[name] ?? valuesOf(type, least, most)
      return values.map((value) => [name, value] as const)
    }),
    ...Object.entries(unlisted).flatMap(([name, values]) => values.map((value) => [name, value] as const)),
  ]
}

function valuesOf(type: string, least: string, most: string): readonly string[] {
  switch (type) {
    case 'bool':
      return ['on', 'off']
    case 'enum':
      return least.split(',').map(literal)
    case 'integer':
      return [least, String(Number(least) + 1), most]
    case 'real':
      return [least, most]
    default:
      return ["''", "'nope'"]
  }
}

const texts: Readonly<Record<string, readonly string[]>> = {
  search_path: ['public, pg_catalog', "''", 'public, pg_temp'],
  DateStyle: ["'German'", "'SQL, DMY'"],
  TimeZone: ["'Asia/Kolkata'"],
  timezone_abbreviations: ["'India'"],
  client_encoding: ["'LATIN1'", "'SQL_ASCII'", "'EUC_JIS_2004'"],
  restrict_nonsystem_relation_kind: ['view', "view, 'foreign-table'"],
  createrole_self_grant: ['set, inherit'],
  default_text_search_config: ["'pg_catalog.simple'"],
}

/** Those that pg_settings does not show, or only where their library is loaded. */
const unlisted: Readonly<Record<string, readonly string[]>> = {
  role: ['trapped_app'],
  session_authorization: ['trapped_app'],
  seed: ['0.5'],
  'plpgsql.extra_errors': ["'all'"],
  'plpgsql.extra_warnings': ["'all'"],
  'plpgsql.check_asserts': ['off'],
  'plpgsql.print_strict_params': ['on'],
}
