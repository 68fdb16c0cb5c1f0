import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { repository } from '../../roles/backup.ts'
import databases from '../../roles/databases.ts'
import pooler from '../../roles/pooler.ts'
import { accounts } from '../../roles/sheets/accounts.ts'
import { imageSet } from '../../roles/sheets/images.ts'
import { monitorAccount } from '../../roles/sheets/monitor-account.ts'
import { ruvector } from '../../roles/sheets/ruvector.ts'
import slots from '../../roles/slots.ts'
import type { Resource } from '../../src/model/resource.ts'
import { pinned, pinOptions, pins, privilegedExec } from '../../src/postgres/session.ts'
import { Secret } from '../../src/secret/secret.ts'
import { raw } from '../../src/shell/sh.ts'

const root = join(import.meta.dirname, '..', '..')

/**
 * Every place that runs a client of PostgreSQL, and how often it names one. A new one is either pinned, or nobody with more rights than
 * an owner: say which here, and in docs/decisions/0022-privileged-sessions.md.
 */
const known: Readonly<Record<string, number>> = {
  // localPsql and privilegedExec: pinned.
  'src/postgres/session.ts psql': 1,
  'src/resources/sql.ts psql-leader': 1,
  'roles/backup.ts psql-leader': 1,
  'roles/drain.ts psql-leader': 1,
  'roles/restore.ts psql': 1,
  'templates/backup/provision-backup.sh.hbs psql-leader': 1,
  'templates/backup/provision-backup.sh.hbs psql': 2,
  'templates/backup/provision-backup.sh.hbs pg_dump': 1,
  'templates/images/postgres/psql-leader psql': 1,
  'templates/images/postgres/repository-is-ours psql-leader': 1,
  // clientPsql: an owner, or the pooler's account in the cluster's own database.
  'src/resources/sql.ts psql': 1,
  // Replication sessions are in no database.
  'src/resources/pg-pages.ts pg_basebackup': 1,
  'templates/images/postgres/rewind-data pg_rewind': 2,
  // Words of help, and a list of files.
  'src/cli/program.ts psql': 2,
  'templates/images/postgres/Dockerfile psql-leader': 2,
  // A throw-away server.
  'templates/images/ruvector/gate-ruvector psql': 1,
  // An owner.
  'bench/pgbench.ts pgbench': 2,
  'bench/pgbench.ts psql-leader': 2,
}

test('whatever speaks to PostgreSQL is known here: a session with more rights than an owner is pinned', () => {
  const programs =
    /(?<=[\s`'"(|])(?<!provision )(psql-leader|psql|pg_dump|pg_dumpall|pg_restore|pg_basebackup|pg_rewind|pgbench|vacuumdb|reindexdb|createdb|dropdb|createuser|clusterdb|pg_amcheck)(?=[ "'`])/g
  const found: Record<string, number> = {}
  for (const file of ['src', 'roles', 'templates', 'bench', 'playbooks'].flatMap(files)) {
    const text = readFileSync(join(root, file), 'utf8').replace(/^\s*(\/\/|\*|\/\*\*|#|""").*$/gm, '')
    for (const [, program = ''] of text.matchAll(programs)) {
      const key = `${file} ${program}`
      found[key] = (found[key] ?? 0) + 1
    }
  }
  expect(found).toEqual(known)
})

test('the pins reach libpq as they are, from outside the container and inside it', () => {
  const read = pinOptions
    .split(/ ?-c (?=[A-Za-z_.]+=)/)
    .slice(1)
    .map((pair) => pair.replaceAll('\\ ', ' ').split(/=(.*)/s).slice(0, 2))
  expect(Object.fromEntries(read)).toEqual(pins)
  expect(pinOptions).not.toMatch(/['\n]/)
  const { text } = privilegedExec(raw('c'))
  for (const [name, value] of Object.entries(pinned)) expect(text).toContain(`${name}=${value}`)
  const { files } = imageSet({ base: 'debian:trixie' }, []).postgres.build
  expect(files.pins).toContain(`PGOPTIONS='${pinOptions}'`)
  expect(files.Dockerfile).toMatch(/^COPY pins \/usr\/local\/share\/provision\/$/m)
  expect(files['psql-leader']).toMatch(/^\. \/usr\/local\/share\/provision\/pins$/m)
})

const secret = new Secret('s', 'https://x')
const host = { name: 'h1', address: '10.0.0.1' }
const scene = { secrets: new Proxy({}, { get: () => secret }), host, hosts: [host], facts: {} }
const all = [
  accounts('postgres-h1', { superuser: secret, replication: secret, rewind: secret }),
  pooler.resources({ ...scene, vars: {} } as never),
  slots.resources({ ...scene, vars: {} } as never),
  monitorAccount.resources({ ...scene, vars: { hosts: ['h1'] } } as never),
  repository.resources({ ...scene, vars: { folder: '/x' }, shared: { cluster: { scope: 'c' } } } as never),
  ruvector('d', 'postgres-h1'),
  databases.resources({
    ...scene,
    vars: {
      list: [
        {
          name: 'd',
          owner: 'o',
          durability: 'async',
          vector: 'pgvector',
          extensions: [],
          readers: ['r'],
          writers: ['w'],
        },
      ],
    },
  } as never),
]
  .flat(9)
  .filter((r): r is Resource => typeof r === 'object' && r !== null && 'kind' in r && r.kind.name === 'sql')

test('functions, types and relations are written with their schema', () => {
  expect(all.length).toBeGreaterThan(15)
  const syntax =
    /^(AND|ANY|AS|COALESCE|EXISTS|FROM|GROUP|IN|LATERAL|NOT|NULLIF|ON|OR|ORDER|SELECT|THEN|VALUES|WHEN|WHERE|IF|LOOP|TABLE|canary|RECORD)$/i
  const wrong = all.flatMap(({ name: id, desired }) => {
    const { holds, run } = desired as { readonly holds: string | Secret; readonly run: string | Secret }
    return [holds, run].flatMap((one) => {
      const text = (one instanceof Secret ? one.reveal() : one)
        .replaceAll(/^\s*--.*$/gm, '')
        .replaceAll(/'(?:[^']|'')*'/g, "''")
      const calls = [...text.matchAll(/(?<![.\w"])([a-z_]+) ?\(/gi)].map(([, name = '']) => name)
      const types = [...text.matchAll(/::(?!pg_catalog\.)(\w+)/g)].map(([, name = '']) => `::${name}`)
      const relations = [
        ...text.matchAll(/\b(?:FROM|JOIN)\s+(?!pg_catalog\.|provision\.|pooler\.)([a-z_]+)/g),
      ]
        .map(([, name = '']) => name)
        .filter((name) => !['pgbouncer', 'of'].includes(name))
      return [...calls.filter((name) => !syntax.test(name)), ...types, ...relations].map(
        (name) => `${id}: ${name}`,
      )
    })
  })
  expect(wrong).toEqual([])
})

const given = (database: object) =>
  ({
    vars: { list: [{ name: 'd', owner: 'o', vector: 'none', readers: [], writers: [], ...database }] },
    shared: { images: {} },
  }) as never

test.each(['postgres', 'template0', 'template1', 'pgbouncer'])(
  '%s is no database of an application',
  (name) => {
    expect(() => databases.check(given({ name }))).toThrow(/the cluster's own/)
  },
)

test.each([
  { owner: 'postgres' },
  { readers: ['rewinder'] },
  { writers: ['pgbouncer'] },
  { owner: 'monitor' },
  { readers: ['pg_monitor'] },
])('%j: accounts of the cluster are no application', (database) => {
  expect(() => databases.check(given(database))).toThrow(/account of the cluster/)
  expect(() => databases.check(given({}))).not.toThrow()
})

function files(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.(json|md|yml|html)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
}
