import { isIP } from 'node:net'
import { overlaps } from 'provision'

/** A range of addresses and who uses it. */
export interface Range {
  readonly network: string
  readonly of: string
}

/**
 * Docker's and the swarm's own ranges against those that are really there. The swarm's default pool lies over all of
 * 10.0.0.0/8, and its pool can never be changed later: a host in it would answer its peers into a bridge.
 */
export function collisions(real: readonly Range[], docker: readonly Range[]): readonly string[] {
  return docker.flatMap((a) =>
    real
      .filter((b) => overlaps(a.network, b.network))
      .map((b) => `${a.of} ${a.network} lies over ${b.of} ${b.network}`),
  )
}

/**
 * Networks and addresses that the inventory says must be reached: who logs in, clients, time servers. Behind the default route no
 * interface and no route tells of them. Names and `any` are left out, and so is what is wider than a range of Docker's:
 * `10.0.0.0/8` says that anybody there may come, not that somebody is everywhere.
 */
export function declaredRanges(
  lists: Readonly<Record<string, readonly string[]>>,
  docker: readonly Range[],
): readonly Range[] {
  const width = (network: string) => Number(network.split('/')[1] ?? 32)
  const isNarrow = (network: string) =>
    docker.every((range) => !overlaps(range.network, network) || width(network) >= width(range.network))
  return Object.entries(lists).flatMap(([of, names]) =>
    names
      .filter((name) => isIP(name.split('/')[0] ?? '') === 4 && isNarrow(name))
      .map((network) => ({ network, of })),
  )
}
