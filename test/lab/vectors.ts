import { lines, sh } from '../../src/shell/sh.ts'
import { on, roles } from './cluster.ts'

/** What the smoke test asks of an extension for vectors. */
export interface Vectors {
  readonly database: string
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
  type: 'vector',
  index: ['hnsw', 'vector_l2_ops'],
}

const nearest = (vector: string) =>
  `SELECT string_agg(id::text, ',' ORDER BY id) FROM (SELECT id FROM smoke.v ORDER BY e <-> ${vector} LIMIT 5) s`
const query = nearest(`'[1000,0,0,0,0,0,0,1]'`)
/** The right answer, after one row was added to the neighbours and one taken away. */
export const right = '998,1000,1001,1002,5000'

/** A table of 2000 vectors of 8 dimensions, indexed, then changed: the rows that a query finds are not all of the build. */
export async function plant({ database, type, index }: Vectors): Promise<void> {
  const { leader } = await roles()
  const [method, operators] = index ?? []
  const said = await psql(
    leader,
    database,
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
  const lsn = await psql(leader, vectors.database, 'SELECT pg_current_wal_lsn()')
  return Promise.all([leader, ...standbys].map((name) => look(name, vectors, lsn)))
}

async function look(host: string, { database, type, index }: Vectors, lsn: string): Promise<Look> {
  const plan = `EXPLAIN SELECT id FROM smoke.v ORDER BY e <-> '[1000,0,0,0,0,0,0,1]' LIMIT 5`
  const [facts = '', exact = '', bound = '', planned = '', indexed = ''] = await asks(host, database, lsn, [
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
  database: string,
  lsn: string,
  questions: readonly string[],
): Promise<readonly string[]> {
  const replayed = `SELECT NOT pg_is_in_recovery() OR pg_last_wal_replay_lsn() >= '${lsn}'`
  const script = lines([
    sh`id=$(docker ps -q --filter ${service(host)} | head -n 1)`,
    sh`ask() { printf '%s\n' "$1" | docker exec -i -u 5432 "$id" ${client(database)} 2>&1; echo --; }`,
    sh`for i in $(seq 100); do case $(ask ${replayed}) in t*) break ;; esac; sleep 0.2; done`,
    ...questions.map((text) => sh`ask ${text}`),
  ])
  return (await on(host, script)).split(/\n?^--$\n?/m)
}

/** psql as superuser on this very member, by its socket; errors are part of what it says. */
export function psql(host: string, database: string, text: string): Promise<string> {
  return on(
    host,
    sh`printf '%s\n' ${text} | docker exec -i -u 5432 "$(docker ps -q --filter ${service(host)} | head -n 1)" ${client(database)} 2>&1; :`,
  )
}

function service(host: string): string {
  return `label=com.docker.swarm.service.name=postgres-${host}`
}

function client(database: string): readonly string[] {
  return ['psql', '-XAtq', '-h', '/run/postgresql', '-U', 'postgres', '-d', database]
}
