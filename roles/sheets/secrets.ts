import { type Host, type Identity, identity, password, type Secret, secretName } from 'provision'
import { type BackupKeys, backupKeys, backupSecrets, type Repository } from './backup.ts'

/** The host's key and certificate: also for the address that moves. */
export const tls = identity((shared) => {
  const { cluster } = shared as { readonly cluster?: { readonly vip: string } }
  return cluster ? [cluster.vip] : []
})

/** Passwords of the cluster; a container finds each under /run/secrets by its name. Applications have theirs beside these. */
export const passwords = {
  superuser: password('pg-superuser'),
  replication: password('pg-replication'),
  rewind: password('pg-rewind'),
  pooler: password('pg-pooler'),
  rest: password('patroni-rest'),
}

export type Passwords = { readonly [K in keyof typeof passwords]: Secret }

/** What the cluster's parts are given: passwords, the host's identity, and the keys of the repository, where there is one. */
export function clusterSecrets(_: unknown, { backup }: { readonly backup: Repository }) {
  return { ...passwords, tls, ...backupSecrets(backup) }
}

/** All but the identity. */
export function listOf(secrets: Passwords & BackupKeys): readonly Secret[] {
  const { superuser, replication, rewind, pooler, rest } = secrets
  return [superuser, replication, rewind, pooler, rest, ...backupKeys(secrets)]
}

export function identityFiles(host: Host, { key, certificate, authority }: Identity) {
  return [
    { file: 'ca.crt', secret: 'tls-ca', value: authority },
    { file: 'host.crt', secret: `tls-${host.name}-crt`, value: certificate },
    { file: 'host.key', secret: `tls-${host.name}-key`, value: key },
  ] as const
}

/** The secrets of the swarm that this host sees to: its own, and on the first host those that all share. */
export function swarmSecrets(
  host: Host,
  hosts: readonly Host[],
  secrets: Passwords & BackupKeys & { readonly tls: Identity },
): readonly { readonly secret: string; readonly value: Secret | string }[] {
  const own = identityFiles(host, secrets.tls)
  if (hosts[0]?.name !== host.name) return own.filter(({ secret }) => secret !== 'tls-ca')
  return [...own, ...listOf(secrets).map((value) => ({ secret: value.name, value }))]
}

/** The host's key and certificates as a service mounts them. */
export function identityMounts(host: Host, tls: Identity) {
  return identityFiles(host, tls).map(({ file, secret, value }) => ({
    name: secretName(secret, value),
    file,
  }))
}

export function passwordMounts(secrets: readonly Secret[]) {
  return secrets.map((value) => ({ name: secretName(value.name, value), file: value.name }))
}
