import { type Host, InputError } from 'provision'

/** How a host's Patroni is spoken to: its REST, and the service in whose container the right to give orders is. */
export function patroniOf({ name, address }: Host): { readonly url: string; readonly via: string } {
  return { url: `https://${address}:8008`, via: `postgres-${name}` }
}

/** Throws InputError where one of the names is no host of the play: a slip of the hand must not pass for nothing to do. */
export function mustKnow(hosts: readonly Host[], names: readonly (string | undefined)[]): void {
  const known = hosts.map((h) => h.name)
  const stranger = names.find((name) => name !== undefined && !known.includes(name))
  if (stranger === undefined) return
  throw new InputError({ what: `there is no host ${stranger}`, next: `known: ${known.join(', ')}` })
}

/** All that a host is a member of and that only lives together: what a boot takes down (roles/quorums.ts). */
export const everything = ['swarm', 'etcd', 'postgres', 'pooler', 'proxy'] as const
