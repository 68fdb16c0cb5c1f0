import { afterAll, beforeAll, expect, test } from 'vitest'
import { literal } from '../../src/postgres/quote.ts'
import { clientPsql, pgExtension, pgGrant } from '../../src/resources/sql.ts'
import { sh } from '../../src/shell/sh.ts'
import { readVault } from '../../src/vault/store.ts'
import { good, labInventory, provision } from './cli.ts'
import { place, vip } from './client.ts'
import { asSuperuser, clusterUp, hostNamed, on, roles, untilWell } from './cluster.ts'
import { asOwner, plant, plantSettings, powers, resetSettings, sprung, trappedIn } from './traps.ts'

/** A database with traps of its owner in it, beside the lab's own two. */
const trapped = trappedIn('trapped', 'trapped_app')
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

/** A plan that finds nothing to do. Right after a switchover a member may still be on its way to the new primary. */
async function unchanged(): Promise<void> {
  const found = async () => {
    const { code, stdout, stderr } = await provision(['plan', ...full, '--detailed-exitcode'])
    return code === 0 ? '' : stdout + stderr
  }
  await expect.poll(found, { timeout: 60_000, interval: 1000 }).toBe('')
}

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
  await unchanged()
  await done('verify', ...full)
  await done('status', ...labInventory)
  const { leader, standbys } = await roles()
  await done('switchover', '--to', standbys[0] ?? '', ...full, '--yes', '--output', 'plain')
  expect((await roles()).leader).not.toBe(leader)
  await untilWell()
  await unchanged()
  const readers = ['trapped_reader f f f f f', 'trapped_writer f f f f f']
  expect((await powers()).filter((line) => !readers.includes(line))).toEqual(
    before.filter((line) => !readers.includes(line)),
  )
  expect(await sprung(trapped)).toEqual([])
})

test('an application finds its extensions unqualified, behind the path that its owner has set, and may change', async () => {
  // It was planted before the first extension came.
  expect(await pathOf('trapped')).toBe('public, pg_catalog, provision_extensions')
  await resetSettings(trapped)
  await asOwner(trapped, 'ALTER DATABASE trapped SET search_path = public, pg_catalog, provision_extensions')
  expect(
    await asOwner(
      trapped,
      "SELECT '[1,2]'::vector, cube(1), 'a=>1'::hstore -> 'a', earth_distance(ll_to_earth(0, 0), ll_to_earth(0, 0))",
    ),
  ).toBe('[1,2]|(1)|1|0')
  expect(
    await asOwner(
      trapped,
      `SELECT n.nspname, pg_catalog.count(*) FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace WHERE e.extname OPERATOR(pg_catalog.<>) 'plpgsql' GROUP BY 1`,
    ),
  ).toBe('provision_extensions|4')
  await expect(asOwner(trapped, 'CREATE TABLE provision_extensions.t (i int)')).rejects.toThrow(
    'permission denied',
  )
  await asOwner(trapped, 'ALTER DATABASE trapped SET search_path = public')
  await unchanged()
  expect(await pathOf('trapped')).toBe('public')
})

test('whatever an owner may set for its database, our statements mean the same, and work', async () => {
  const { holds, run } = pgExtension('moddatetime', { via: '', database: 'trapped' }).desired
  const grant = pgGrant('trapped_reader', {
    via: '',
    database: 'trapped',
    owner: 'trapped_app',
    access: 'read',
  }).desired
  // Each round plants a value of every setting at once; all values have their turn.
  const all = await candidates()
  const rounds = Array.from({ length: Math.max(...all.map(([, values]) => values.length)) }, (_, i) =>
    all.map(([name, values]) => `ALTER DATABASE trapped SET ${name} = ${values[i % values.length]};`),
  )
  let planted = 0
  for (const changes of rounds) {
    const text = `DO $$ BEGIN END $$;
SET SESSION AUTHORIZATION trapped_app;
${changes.join('\n')}
RESET SESSION AUTHORIZATION;
SELECT 'planted', pg_catalog.count(*) FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase, pg_catalog.unnest(s.setconfig) WHERE d.datname = 'trapped' AND s.setrole = 0;
\\connect trapped
SELECT 'before', (${holds});
${run}
${grant.run}
SELECT 'after', (${holds}), (${grant.holds});
DROP EXTENSION moddatetime;
\\connect postgres
ALTER DATABASE trapped RESET ALL;`
    const said = await on(
      'h1',
      sh`printf '%s\n' ${text} | docker exec -i "$(docker ps -q --filter label=com.docker.swarm.service.name=postgres-h1)" psql-leader -Atq postgres 2>&1`,
    )
    planted = Math.max(planted, Number(/^planted\|(\d+)$/m.exec(said)?.[1]))
    expect(said).toMatch(/^before\|f\n(?:.*\n)*?after\|t\|t$/m)
  }
  console.log(`${rounds.length} rounds, ${planted} settings planted at once`)
  expect(planted).toBeGreaterThan(130)
  expect(await sprung(trapped)).toEqual([])
})

test('what an extension requires is named, not made on the way; nor is it taken from where its owner may have put more', async () => {
  await asSuperuser('DROP DATABASE trapped (FORCE)')
  await converge(bare)
  const early = await provision([
    ...list('vector: none, extensions: [earthdistance]'),
    '--yes',
    '--output',
    'plain',
  ])
  expect([early.code, early.stdout]).toEqual([
    1,
    expect.stringMatching(/earthdistance requires cube.*name it before/s),
  ])
  // cube is a trusted extension: an owner can have it made in a schema of its own.
  await asOwner(trapped, 'CREATE SCHEMA mine; CREATE EXTENSION cube SCHEMA mine')
  const late = await provision([
    ...list('vector: none, extensions: [cube, earthdistance]'),
    '--yes',
    '--output',
    'plain',
  ])
  expect([late.code, late.stdout]).toEqual([
    1,
    expect.stringMatching(/earthdistance requires cube in schema mine.*ALTER EXTENSION/s),
  ])
  // A text that is a list of names for the server, and a statement for whoever pastes it.
  const odd = 'x;ALTER/**/ROLE/**/trapped_app/**/SUPERUSER--, "a b"'
  await asSuperuser('DROP DATABASE trapped (FORCE)')
  await converge(bare)
  await asOwner(
    trapped,
    `SELECT pg_catalog.set_config('search_path', '${odd}', false); ALTER DATABASE trapped SET search_path FROM CURRENT`,
  )
  await converge(list('vector: pgvector'))
  expect(await pathOf('trapped')).toBe(`${odd}, provision_extensions`)
  expect(await asSuperuser("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = 'trapped_app'")).toBe(
    'f',
  )
})

test('by the pooler comes nobody with more rights than an owner', async () => {
  const secrets = await readVault(place)
  await asSuperuser(
    "CREATE ROLE trapped_reader LOGIN PASSWORD 'x'; GRANT pg_execute_server_program TO trapped_reader",
  ).catch(() =>
    asSuperuser(
      "ALTER ROLE trapped_reader LOGIN PASSWORD 'x'; GRANT pg_execute_server_program TO trapped_reader",
    ),
  )
  const accounts = [
    ['postgres', secrets['pg-superuser']],
    ['replicator', secrets['pg-replication']],
    ['rewinder', secrets['pg-rewind']],
    ['trapped_reader', 'x'],
  ] as const
  for (const [user, password = ''] of accounts)
    expect([user, await byPooler(user, password, 'postgres', 'SELECT 1')]).toEqual([
      user,
      expect.stringContaining('FATAL'),
    ])
  const pooler = secrets['pg-pooler'] ?? ''
  expect(await byPooler('pgbouncer', pooler, 'trapped', 'SELECT 1')).toContain(
    'permission denied for database',
  )
  // Whom the poolers have connections for: type|user|database.
  for (const name of ['h1', 'h2', 'h3']) {
    const { address } = await hostNamed(name)
    const rows = await byPooler('pgbouncer', pooler, 'pgbouncer', 'SHOW SERVERS', address, 6432)
    const seen = rows
      .split('\n')
      .filter(Boolean)
      .map((row) => row.split('|').slice(1, 3).join(' of '))
    const owners = ['cluster_app of distributed_postgres_cluster', 'shared_app of claude_flow_shared']
    expect(seen.filter((who) => who !== 'pgbouncer of postgres' && !owners.includes(who))).toEqual([])
  }
})

async function byPooler(
  user: string,
  password: string,
  database: string,
  text: string,
  address = vip,
  port = 5432,
) {
  const target = `host=${address} port=${port} dbname=${database} user=${user} sslmode=verify-full sslrootcert=/run/provision/tls/ca.crt`
  const asked = clientPsql('postgres-h1', target, ['-Atc', text])
  return on('h1', sh`printf '%s\n' ${password} | { ${asked} || :; } 2>&1`)
}

/** The default search_path of a database. */
function pathOf(database: string): Promise<string> {
  return asSuperuser(
    `SELECT pg_catalog.substr(c, 13) FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase, pg_catalog.unnest(s.setconfig) c WHERE d.datname = '${database}' AND s.setrole = 0 AND c LIKE 'search_path=%'`,
  )
}

/** Every setting that the server lets an owner plant, with the values that are furthest from each other. */
async function candidates(): Promise<readonly (readonly [name: string, values: readonly string[]])[]> {
  const rows = await asSuperuser(
    "SELECT pg_catalog.concat_ws('|', name, vartype, min_val, max_val, pg_catalog.array_to_string(enumvals, ',')) FROM pg_catalog.pg_settings WHERE context = 'user' ORDER BY 1",
  )
  return [
    ...rows.split('\n').map((row) => {
      const [name = '', type = '', least = '', most = ''] = row.split('|')
      return [name, texts[name] ?? valuesOf(type, least, most)] as const
    }),
    ...Object.entries(unlisted),
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
