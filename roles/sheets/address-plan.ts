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
