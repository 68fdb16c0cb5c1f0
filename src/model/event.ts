import type { Failure } from '../errors.ts'
import type { Change, Risk } from './kind.ts'

/** A resource of one host's plan that must change or be verified. */
export interface Step {
  readonly id: string
  readonly role: string
  readonly play: string
  /** `roles/chrony.ts:21` */
  readonly where?: string | undefined
  readonly changes: readonly Change[]
  readonly risks: readonly Risk[]
  /** Ids of resources whose change makes this step due (for example a restart). */
  readonly triggeredBy: readonly string[]
  /** Only a check: nothing on the host is touched. */
  readonly verifies: boolean
  /** Digest of what was wished for: a plan that is applied later must be for the same. */
  readonly wish: string
  /** False when `--limit` or `--tags` leave it as it is. */
  readonly selected: boolean
}

/** What differs on one host. */
export interface HostPlan {
  readonly host: string
  /** In order of execution; only what differs. */
  readonly steps: readonly Step[]
  /** How many resources were compared in all. */
  readonly resources: number
  /** Quorums whose member here goes down for a while; one host after the other, the leader last. */
  readonly interrupts?: readonly string[]
  /** Ids that the journal says we managed and that no role asks for any more. */
  readonly orphans: readonly string[]
}

export type HostStatus = 'ok' | 'changed' | 'failed' | 'unreachable' | 'skipped'

export interface HostSummary {
  readonly host: string
  readonly status: HostStatus
  readonly resources: number
  /** As wished already. */
  readonly ok: number
  readonly changed: number
  /** Checks that hold, at once or after a wait. */
  readonly checked: number
  readonly failed: number
  readonly skipped: number
  /** Round trips (remote scripts run). */
  readonly roundTrips: number
}

/** Everything that happens, in order. Reporters draw from this and nothing else; no event holds a secret's value. */
export type Event =
  | {
      readonly type: 'start'
      readonly command: 'plan' | 'run'
      readonly playbook: string
      readonly inventory: string
      readonly hosts: readonly string[]
    }
  | { readonly type: 'connect'; readonly host: string; readonly ms: number }
  | { readonly type: 'observed'; readonly host: string; readonly ms: number; readonly resources: number }
  | { readonly type: 'planned'; readonly plan: HostPlan }
  | { readonly type: 'play'; readonly name: string; readonly hosts: readonly string[] }
  | { readonly type: 'applying'; readonly host: string; readonly steps: readonly Step[] }
  | { readonly type: 'applied'; readonly host: string; readonly steps: readonly Step[]; readonly ms: number }
  | {
      readonly type: 'skipped'
      readonly host: string
      readonly ids: readonly string[]
      readonly reason: string
    }
  /** A play came to its end on a host. */
  | { readonly type: 'played'; readonly host: string; readonly name: string }
  | { readonly type: 'proved'; readonly host: string; readonly ms: number; readonly resources: number }
  | {
      readonly type: 'failed'
      readonly host: string
      readonly unreachable: boolean
      readonly step?: Step
      readonly failure: Failure
      readonly message: string
    }
  | {
      readonly type: 'exec'
      readonly host: string
      readonly shown: string
      readonly code: number
      readonly ms: number
    }
  | { readonly type: 'notice'; readonly host?: string; readonly text: string }
  | {
      readonly type: 'end'
      readonly hosts: readonly HostSummary[]
      readonly ms: number
      readonly interrupted: boolean
    }

export type Reporter = (event: Event) => void
