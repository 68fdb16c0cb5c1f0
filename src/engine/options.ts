import type { Asked } from '../model/begun.ts'
import type { HostPlan, HostSummary, Reporter } from '../model/event.ts'
import type { Host } from '../model/host.ts'
import type { Play, Playbook } from '../model/playbook.ts'
import type { Resource } from '../model/resource.ts'
import type { Connect } from '../model/transport.ts'
import type { Session } from './session.ts'

/** When approval is asked for. */
export type Moment = 'plan' | 'moved' | 'late'

/** What a run is given. */
export interface RunOptions {
  readonly playbook: Playbook
  readonly inventoryFile: string
  /** Hosts of each play, in inventory order. */
  hostsOf(play: Play): readonly Host[]
  /** Checked vars of a role on a host. */
  varsOf(host: Host, role: Play['roles'][number]): unknown
  /** Checked shared vars, and opened secrets, by the names that the role gives them. */
  sharedOf?(host: Host, role: Play['roles'][number]): Readonly<Record<string, unknown>>
  secretsOf?(host: Host, role: Play['roles'][number]): Readonly<Record<string, unknown>>
  /** Where the inventory says how a host is reached. */
  whereOf?(host: Host): string | undefined
  readonly connect: Connect
  readonly report: Reporter
  readonly mode: 'plan' | 'run'
  readonly diff: boolean
  /** Names that may be changed; undefined means all. Observation is never limited. */
  readonly limit?: ReadonlySet<string> | undefined
  readonly tags?: ReadonlySet<string> | undefined
  /** Phases of plays that may be changed (`--from`, `--until`); undefined means all. */
  readonly phases?: ReadonlySet<string> | undefined
  /** Repository root, to show `roles/x.ts:12` instead of full paths. */
  readonly root: string
  readonly signal: AbortSignal
  /** The run's own name, and when it began (ISO 8601): the same on every host, in the journal and beside the lock. */
  readonly id: string
  readonly startedAt: string
  /** Recorded in the host's journal, with the commit of the playbooks. */
  readonly who: string
  commit?(): string | undefined
  /** What the run was asked to do, for whoever must take it over; undefined: it cannot be taken over. */
  readonly asked?: Asked | undefined
  /** The run that this one takes over. */
  readonly resumes?: string | undefined
  /**
   * With `--prune`: the resources that take away what ids once managed, in their order; those that can only be forgotten
   * are left out. `elsewhere`: what other hosts ask for.
   */
  readonly absentOf?:
    | ((ids: readonly string[], elsewhere: ReadonlySet<string>) => ReadonlyMap<string, Resource>)
    | undefined
  /**
   * Asked with all plans before the first change; false means no change is made, `asked` that a person has said yes just now.
   * Asked again where a plan has `moved` meanwhile (`moved` says how, a line each), and with the steps of one host that turn
   * up `late`, in the middle of a run, with a risk that its plan did not have. May throw RefusedError.
   */
  approve(plans: readonly HostPlan[], moment: Moment, moved?: readonly string[]): Promise<boolean | 'asked'>
}

/** What a run found and did. */
export interface RunResult {
  readonly plans: readonly HostPlan[]
  readonly hosts: readonly HostSummary[]
  /** What was known of each host that could be reached, for those who want to look closer. */
  readonly sessions: readonly Session[]
  readonly unreachable: boolean
  readonly failed: boolean
  /** A host failed by what it was told to be, not by what it is; nothing was changed there. */
  readonly badInput: boolean
  readonly interrupted: boolean
}
