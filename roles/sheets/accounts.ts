import { pgRole, type Resource } from 'provision'
import type { Passwords } from './secrets.ts'

/** The accounts that Patroni made with the cluster, with the passwords that they should have now. */
export function accounts(
  via: string,
  { superuser, replication, rewind }: Pick<Passwords, 'superuser' | 'replication' | 'rewind'>,
): readonly Resource[] {
  return [
    pgRole('postgres', { via, password: superuser }),
    pgRole('replicator', { via, password: replication }),
    pgRole('rewinder', { via, password: rewind }),
  ]
}
