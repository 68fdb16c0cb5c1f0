import { type Host, type Identity, identity, password, type Secret, secretName } from 'provision'

/** The host's key and certificate: also for the address that moves. */
export const tls = identity((shared) => {
  const { cluster } = shared as { readonly cluster?: { readonly vip: string } }
  return cluster ? [cluster.vip] : []
})

/** Passwords of the cluster. Applications have theirs beside these. */
export const passwords = {
  superuser: password('pg-superuser'),
  replication: password('pg-replication'),
  rewind: password('pg-rewind'),
  pooler: password('pg-pooler'),
  rest: password('patroni-rest'),
}

type Opened = { readonly [K in keyof typeof passwords]: Secret }

/** What goes into the swarm's secrets, by the file that a container finds under /run/secrets. */
export function passwordFiles(secrets: Opened) {
  return {
    'pg-superuser': secrets.superuser,
    'pg-replication': secrets.replication,
    'pg-rewind': secrets.rewind,
    'pg-pooler': secrets.pooler,
    'patroni-rest': secrets.rest,
  } as const
}

export function identityFiles(host: Host, { key, certificate, authority }: Identity) {
  return [
    { file: 'ca.crt', secret: 'tls-ca', value: authority },
    { file: 'host.crt', secret: `tls-${host.name}-crt`, value: certificate },
    { file: 'host.key', secret: `tls-${host.name}-key`, value: key },
  ] as const
}

/** The host's key and certificates as a service mounts them. */
export function identityMounts(host: Host, tls: Identity) {
  return identityFiles(host, tls).map(({ file, secret, value }) => ({
    name: secretName(secret, value),
    file,
  }))
}

export function passwordMounts(secrets: Opened, files: readonly (keyof ReturnType<typeof passwordFiles>)[]) {
  const all = passwordFiles(secrets)
  return files.map((file) => ({ name: secretName(file, all[file]), file }))
}
