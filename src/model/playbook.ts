import type { Role } from './role.ts'

/** One play: roles on the hosts of a group. Hosts run in parallel unless `rolling` says otherwise. */
export interface Play {
  readonly name?: string
  /** Part of a longer way (`etcd`): `--from` and `--until` name it, `provision rollback` undoes it. Plays may share one. */
  readonly phase?: string
  /** Group, host, or `all`; `a,b` unites, `!b` takes away. */
  readonly on: string
  readonly roles: readonly Role[]
  /** At most this many hosts at a time; the next batch starts only when the proof of the last one held. */
  readonly rolling?: number
  /** Only on the first host that `on` selects: for work that belongs to the whole cluster. */
  readonly once?: boolean
  /** `stop`: no further host or play starts after a host failed (default). `continue`: the others go on. */
  readonly onFailure?: 'stop' | 'continue'
  /** Looks for what nothing uses any more: `--prune` takes away before it, not after. */
  readonly tidies?: boolean
  readonly tags?: readonly string[]
}

export interface Playbook {
  readonly name: string
  readonly plays: readonly Play[]
}

/** Declares a playbook; the default export of a file in `playbooks/`. */
export function playbook(name: string, ...plays: readonly Play[]): Playbook {
  return { name, plays }
}
