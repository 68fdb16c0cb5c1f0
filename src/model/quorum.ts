import type { Script } from '../shell/sh.ts'

/** One host's member of something that lives only while most of its members do: etcd, the swarm's managers, PostgreSQL. */
export interface Member {
  /** `absent`: nothing of it was ever set up here, so it counts nowhere. */
  readonly state: 'absent' | 'down' | 'alive'
  readonly isLeader: boolean
  /** How many members the whole has by its own list; 0 where this one cannot say. */
  readonly size: number
}

/** How a host's member is looked at, and how it hands over before it is taken down. */
export interface QuorumWish {
  /** Prints `absent`, or `down`, or `alive`, then `leader` or `member`, then how many members there are in all. */
  readonly look: string
  /** Run on the leader before it is taken down: makes another one the leader. Undefined where it need not be. */
  readonly handover?: Script | undefined
  /** Seconds until a member that was taken down must be alive again. */
  readonly backWithinSeconds: number
}
