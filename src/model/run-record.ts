import type { Asked } from './begun.ts'

/** One line of the journal: what a run did on a host. */
export interface RunRecord {
  /** The same on every host of the run. Records of early versions have none. */
  readonly id?: string
  readonly startedAt?: string
  /** When it ended on this host. ISO 8601, UTC. */
  readonly at: string
  readonly who: string
  readonly commit?: string | undefined
  readonly playbook: string
  /** Ids of what it changed. */
  readonly changed: readonly string[]
  readonly failed?: boolean
  readonly asked?: Asked | undefined
  /** The run that this one took over. */
  readonly resumes?: string | undefined
}
