import type { Secret } from '../secret/secret.ts'
import type { Host } from './host.ts'

/** Key and certificate of one host, both in PEM, with the certificate of the authority that signed it. */
export interface Identity {
  readonly key: Secret
  readonly certificate: string
  readonly authority: string
}

/**
 * A secret that a role needs, kept encrypted beside the inventory. All but `given` are generated when they are first asked
 * for.
 */
export type SecretSpec<T = unknown> =
  | { readonly type: 'password'; readonly name: string; readonly answer?: T }
  | { readonly type: 'given'; readonly name: string; readonly what: string; readonly answer?: T }
  | {
      readonly type: 'identity'
      /** Further DNS names and addresses of the certificate, beside those of the host. */
      readonly names: (shared: Readonly<Record<string, unknown>>, host: Host) => readonly string[]
      readonly answer?: T
    }

/** A random password, the same on all hosts: `password('pg-superuser')`. */
export function password(name: string): SecretSpec<Secret> {
  return { type: 'password', name }
}

/**
 * What others have made up, and the operator knows: `given('backup-s3-key', 'access key of the bucket')`. A run without
 * it ends before the first connection.
 */
export function given(name: string, what: string): SecretSpec<Secret> {
  return { type: 'given', name, what }
}

/** The host's own key and certificate, for clients and servers; signed by the inventory's own authority. */
export function identity(
  names: (shared: Readonly<Record<string, unknown>>, host: Host) => readonly string[] = () => [],
): SecretSpec<Identity> {
  return { type: 'identity', names }
}
