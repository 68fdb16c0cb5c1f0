import { type Host, InputError } from 'provision'

/**
 * Of the cluster's hosts those that are members of etcd. Throws InputError for names that are no hosts, and for an even
 * number from four on: it bears no more losses than one less, and there is one more that may be lost.
 */
export function votersOf<H extends Host>(
  hosts: readonly H[],
  { voters }: { readonly voters?: readonly string[] },
): readonly H[] {
  const known = hosts.map((h) => h.name)
  const stranger = voters?.find((name) => !known.includes(name))
  if (stranger !== undefined)
    throw new InputError({
      what: `cluster.voters names ${stranger}, which is no host of the cluster`,
      next: `known: ${known.join(', ')}`,
    })
  const chosen = voters ? hosts.filter((h) => voters.includes(h.name)) : hosts
  if (chosen.length >= 4 && chosen.length % 2 === 0)
    throw new InputError({
      what: `etcd would have ${chosen.length} members: that bears the loss of ${chosen.length / 2 - 1}, as ${chosen.length - 1} do`,
      next: `name an odd number of hosts in the inventory: cluster: { voters: [${known.slice(0, chosen.length - 1).join(', ')}] }; the others are standbys only`,
    })
  return chosen
}

export function hasVote({ name }: Host, voters: readonly Host[]): boolean {
  return voters.some((h) => h.name === name)
}

/** Where members of etcd are asked. */
export function clientUrls(members: readonly Host[]): readonly string[] {
  return members.map((h) => `https://${h.address}:2379`)
}
