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

export type Passwords = { readonly [K in keyof typeof passwords]: Secret }

/** The file under /run/secrets that a container finds each password in. */
const passwordFile = {
  superuser: 'pg-superuser',
  replication: 'pg-replication',
  rewind: 'pg-rewind',
  pooler: 'pg-pooler',
  rest: 'patroni-rest',
} as const

/** What goes into the swarm's secrets, by file. */
export function passwordFiles(secrets: Partial<Passwords>): Readonly<Record<string, Secret>> {
  return Object.fromEntries(
    Object.entries(passwordFile).flatMap(([key, file]) => {
      const secret = secrets[key as keyof Passwords]
      return secret ? [[file, secret] as const] : []
    }),
  )
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

export function passwordMounts(
  secrets: Partial<Passwords>,
  files: readonly (typeof passwordFile)[keyof Passwords][],
) {
  const all = passwordFiles(secrets)
  return files.flatMap((file) => {
    const secret = all[file]
    return secret ? [{ name: secretName(file, secret), file }] : []
  })
}
