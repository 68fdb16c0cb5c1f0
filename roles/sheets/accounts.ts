import { pgRole, type Resource, sql } from 'provision'
import type { Passwords } from './secrets.ts'

/** All that the cluster itself logs in with. None of them is an application's, and none comes by the pooler but its own. */
export const ownAccounts = ['postgres', 'replicator', 'rewinder', 'pgbouncer', 'monitor']
/** The cluster's own databases: Patroni, pg_rewind, PgBouncer's lookup and the exporter log in to the first one. */
export const ownDatabases = ['postgres', 'template0', 'template1']

const names = ownDatabases.map((name) => `'${name}'`).join(', ')

/** The accounts that Patroni made with the cluster, with the passwords that they should have now. */
export function accounts(
  via: string,
  { superuser, replication, rewind }: Pick<Passwords, 'superuser' | 'replication' | 'rewind'>,
): readonly Resource[] {
  return [
    // Patroni gives its sessions options of its own, so this stands in for the pins there.
    pgRole('postgres', { via, password: superuser, isPinned: true }),
    pgRole('replicator', { via, password: replication }),
    pgRole('rewinder', { via, password: rewind, isPinned: true }),
    sql("the cluster's own databases are a superuser's", {
      via,
      holds: `NOT EXISTS (SELECT FROM pg_catalog.pg_database d JOIN pg_catalog.pg_roles r ON r.oid = d.datdba WHERE d.datname IN (${names}) AND NOT r.rolsuper)`,
      run: ownDatabases.map((name) => `ALTER DATABASE ${name} OWNER TO postgres;`).join('\n'),
    }),
  ]
}
