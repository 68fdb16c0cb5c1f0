import {
  InputError,
  password,
  pgDatabase,
  pgExtension,
  pgGrant,
  pgRole,
  role,
  type Secret,
  type SecretSpec,
  t,
} from 'provision'
import { ownAccounts, ownDatabases } from './sheets/accounts.ts'
import { imageVars } from './sheets/images.ts'
import { ruvector } from './sheets/ruvector.ts'

const name = (description: string) => t.String({ pattern: '^[a-z_][a-z0-9_]{0,62}$', description })

const database = t.Object({
  name: name('Name of the database.'),
  owner: name('Role that owns it; it is made, with a password of its own.'),
  durability: t.Union([t.Literal('sync'), t.Literal('async')], {
    default: 'sync',
    description:
      'async: its commits do not wait for a standby; what is not replicated yet is lost in a failover.',
  }),
  vector: t.Union([t.Literal('pgvector'), t.Literal('none'), t.Literal('ruvector'), t.Literal('both')], {
    default: 'pgvector',
    description:
      'ruvector: exact scans only, needs images.ruvector. both: refused, their access methods have one name.',
  }),
  extensions: t.Array(t.String({ pattern: '^[a-z][a-z0-9_-]*$' }), {
    default: [],
    description:
      'In the order in which they are made: what one requires stands before it. They go into the schema provision_extensions.',
  }),
  readers: t.Array(name('Role that may read all tables.'), { default: [] }),
  writers: t.Array(name('Role that may read and write all tables.'), { default: [] }),
})

const vars = t.Object({
  list: t.Array(database, {
    default: [
      {
        name: 'distributed_postgres_cluster',
        owner: 'cluster_app',
        durability: 'sync',
        vector: 'pgvector',
        extensions: ['pg_stat_statements'],
        readers: [],
        writers: [],
      },
      {
        name: 'claude_flow_shared',
        owner: 'shared_app',
        durability: 'sync',
        vector: 'pgvector',
        extensions: [],
        readers: [],
        writers: [],
      },
    ],
  }),
})

type List = readonly {
  readonly owner: string
  readonly readers: readonly string[]
  readonly writers: readonly string[]
}[]

/** Databases, their roles and what these may do, and extensions. Nothing that the inventory does not name is touched. */
export default role({
  name: 'databases',
  vars,
  shared: { images: imageVars },
  secrets: ({ list }): Readonly<Record<string, SecretSpec<Secret>>> =>
    Object.fromEntries(rolesOf(list).map((role) => [role, password(`db-${role}`)])),
  check({ vars, shared }) {
    // PgBouncer answers by this name itself.
    const taken = vars.list.find((d) => [...ownDatabases, 'pgbouncer'].includes(d.name))
    if (taken)
      throw new InputError({
        what: `databases: ${taken.name} is the cluster's own, and cannot be an application's`,
        why: 'the superuser logs in to it, and its owner would have a say in that',
        next: 'give the database another name',
      })
    const account = rolesOf(vars.list).find((role) => ownAccounts.includes(role) || role.startsWith('pg_'))
    if (account)
      throw new InputError({
        what: `databases: ${account} is an account of the cluster itself, and cannot own, read or write a database`,
        next: 'give the role another name',
      })
    for (const { name, vector } of vars.list) {
      if (vector === 'both')
        throw new InputError({
          what: `databases: ${name} asks for pgvector and RuVector at once`,
          why: 'both bring an access method named hnsw, and a database can have one',
          next: 'make two databases, one for each',
        })
      if (vector === 'ruvector' && !shared.images.ruvector)
        throw new InputError({
          what: `databases: ${name} asks for RuVector, which is not in the image`,
          why: 'it is compiled from its crate, which takes long; its index is in no WAL (docs/ha-design.md, Vectors)',
          next: 'set images.ruvector: true, or take pgvector',
        })
    }
  },
  resources({ vars, secrets, host }) {
    const via = `postgres-${host.name}`
    return [
      rolesOf(vars.list).map((role) => pgRole(role, { via, password: secrets[role] as Secret })),
      vars.list.map((d) => [
        pgDatabase(d.name, { via, owner: d.owner, durability: d.durability }),
        d.vector === 'ruvector' ? ruvector(d.name, via) : [],
        [...(d.vector === 'pgvector' ? ['vector'] : []), ...d.extensions].map((extension) =>
          pgExtension(extension, { via, database: d.name }),
        ),
        (['readers', 'writers'] as const).map((key) =>
          d[key].map((role) =>
            pgGrant(role, {
              via,
              database: d.name,
              owner: d.owner,
              access: key === 'readers' ? 'read' : 'write',
            }),
          ),
        ),
      ]),
    ]
  },
})

function rolesOf(list: List): readonly string[] {
  return [...new Set(list.flatMap((d) => [d.owner, ...d.readers, ...d.writers]))]
}
