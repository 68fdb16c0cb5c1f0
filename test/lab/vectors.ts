import { clientPsql } from '../../src/resources/sql.ts'
import { lines, type Script, sh } from '../../src/shell/sh.ts'
import { readVault } from '../../src/vault/store.ts'
import { place } from './client.ts'
import { hostNamed, on, roles } from './cluster.ts'

/** What the smoke test asks of an extension for vectors. */
export interface Vectors {
  readonly database: string
  /** Who asks: its owner, as an application does. */
  readonly owner: string
  /** `vector(8)` … */
  readonly type: string
  /** Access method and operator class for L2; undefined where only exact scans are wanted. */
  readonly index?: readonly [method: string, operators: string]
}

/** What one member answers. */
export interface Look {
  readonly host: string
  readonly standby: boolean
  readonly rows: number
  /** Bytes of the index; 0 where there is none. */
  readonly size: number
  /** Whether the planner would take the index. */
  readonly usesIndex: boolean
  /** By the index, twice in one session; an error's text where it is one. */
  readonly indexed: readonly string[]
  /** By a scan of the table. */
  readonly exact: string
  /** With the vector as a bound parameter. */
  readonly bound: string
}

export const pgvector: Vectors = {
  database: 'distributed_postgres_cluster',
  owner: 'cluster_app',
  type: 'vector',
  index: ['hnsw', 'vector_l2_ops'],
}

const nearest = (vector: string) =>
  `SELECT string_agg(id::text, ',' ORDER BY id) FROM (SELECT id FROM smoke.v ORDER BY e <-> ${vector} LIMIT 5) s`
const query = nearest(`'[1000,0,0,0,0,0,0,1]'`)
/** The right answer, after one row was added to the neighbours and one taken away. */
export const right = '998,1000,1001,1002,5000'

/** A table of 2000 vectors of 8 dimensions, indexed, then changed: the rows that a query finds are not all of the build. */
export async function plant(vectors: Vectors): Promise<void> {
  const { type, index } = vectors
  const { leader } = await roles()
  const [method, operators] = index ?? []
  const said = await psql(
    leader,
    vectors,
    `DROP SCHEMA IF EXISTS smoke CASCADE; CREATE SCHEMA smoke; CREATE TABLE smoke.v (id int PRIMARY KEY, e ${type}(8));
INSERT INTO smoke.v SELECT g, ('[' || g || ',0,0,0,0,0,0,1]')::${type} FROM generate_series(1, 2000) g;
${method ? `CREATE INDEX v_e ON smoke.v USING ${method} (e ${operators});` : ''}
INSERT INTO smoke.v VALUES (5000, '[1000.4,0,0,0,0,0,0,1]'); DELETE FROM smoke.v WHERE id = 999; VACUUM smoke.v;`,
  )
  if (/ERROR|FATAL|server closed/.test(said)) throw new Error(said)
}

/** Asks every member, once it has replayed all that the leader has written. */
export async function looks(vectors: Vectors): Promise<readonly Look[]> {
  const { leader, standbys } = await roles()
  const lsn = await psql(leader, vectors, 'SELECT pg_current_wal_lsn()')
  return Promise.all([leader, ...standbys].map((name) => look(name, vectors, lsn)))
}

async function look(host: string, vectors: Vectors, lsn: string): Promise<Look> {
  const { type, index } = vectors
  const plan = `EXPLAIN SELECT id FROM smoke.v ORDER BY e <-> '[1000,0,0,0,0,0,0,1]' LIMIT 5`
  const [facts = '', exact = '', bound = '', planned = '', indexed = ''] = await asks(host, vectors, lsn, [
    `SELECT pg_is_in_recovery(), count(*), coalesce(pg_relation_size(to_regclass('smoke.v_e')), 0) FROM smoke.v WHERE e IS NOT NULL`,
    `SET enable_indexscan = off; SET enable_bitmapscan = off; ${query}`,
    `PREPARE p(${type}) AS ${nearest('$1')}; EXECUTE p('[1000,0,0,0,0,0,0,1]')`,
    `SET enable_seqscan = off; ${plan}`,
    ...(index ? [`SET enable_seqscan = off; ${query}; ${query}`] : []),
  ])
  const [standby, rows, size] = facts.split('|')
  return {
    host,
    standby: standby === 't',
    rows: Number(rows),
    size: Number(size),
    usesIndex: planned.includes('Index Scan using v_e'),
    indexed: indexed ? indexed.split('\n') : [],
    exact,
    bound,
  }
}

/** Each question has a connection of its own: a server that crashes must not take the other answers with it. */
async function asks(
  host: string,
  vectors: Vectors,
  lsn: string,
  questions: readonly string[],
): Promise<readonly string[]> {
  const replayed = `SELECT NOT pg_is_in_recovery() OR pg_last_wal_replay_lsn() >= '${lsn}'`
  const { password, client } = await ownerOf(host, vectors)
  const script = lines([
    sh`ask() { { printf '%s\n' ${password} "$1"; } | { ${client} || :; } 2>&1; echo --; }`,
    sh`for i in $(seq 100); do case $(ask ${replayed}) in t*) break ;; esac; sleep 0.2; done`,
    ...questions.map((text) => sh`ask ${text}`),
  ])
  return (await on(host, script)).split(/\n?^--$\n?/m)
}

/** psql as the owner on this very member; errors are part of what it says. */
export async function psql(host: string, vectors: Vectors, text: string): Promise<string> {
  const { password, client } = await ownerOf(host, vectors)
  return on(host, sh`printf '%s\n' ${password} ${text} | { ${client} || :; } 2>&1`)
}

async function ownerOf(
  host: string,
  { database, owner }: Vectors,
): Promise<{ readonly password: string; readonly client: Script }> {
  const password = (await readVault(place))[`db-${owner}`] ?? ''
  const { address } = await hostNamed(host)
  const target = `host=${address} dbname=${database} user=${owner} sslmode=verify-full sslrootcert=/run/provision/tls/ca.crt`
  return { password, client: clientPsql(`postgres-${host}`, target, ['-Atq']) }
}
