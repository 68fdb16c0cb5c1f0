import type { Script } from '../shell/sh.ts'
import type { Probe } from './probe.ts'

/** One attribute that differs. `from`/`to` are for people and for the plan's digest: plain JSON, never a secret's value. */
export interface Change {
  readonly attribute: string
  readonly from: unknown
  readonly to: unknown
  /** A unified diff, where the attribute is text and may be shown. */
  readonly diff?: string
}

/** What a change may cost. `restart` is the everyday one; the others are asked about on a terminal. */
export type Risk = 'restart' | 'reboot' | 'ssh' | 'quorum' | 'data'

/** A resource that differs from what it should be. */
export interface Differing<Desired, Actual> {
  readonly desired: Desired
  readonly actual: Actual
  readonly changes: readonly Change[]
}

/** A resource that must change, as given to `apply`. */
export interface Planned<Desired, Actual> extends Differing<Desired, Actual> {
  /** What the other hosts answered to the resource's `asks`, in their order. */
  readonly answers: readonly unknown[]
}

/** Data on its way from one host to another. */
export interface Transfer {
  /** Name of the host that has it. */
  readonly from: string
  /** Run on the receiver first: what it has already. */
  readonly have: Script
  /** Run on the sender, given that answer; its standard output is the data. */
  send(have: string): Script
  /** Run on the receiver; its standard input is the data. */
  readonly receive: Script
}

/** Why a plan may be due although desired and actual are alike. */
export interface Because {
  /** Ids of the triggers (`restartOn`) that change in this run, or changed in one that died. Empty when none. */
  readonly triggeredBy: readonly string[]
}

/**
 * One sort of resource. Methods are pure: they build scripts and compare, and run nothing.
 * "Not there" is a state, never an error: a bare host must be plannable.
 */
export interface Kind<Desired = unknown, Actual = unknown> {
  readonly name: string
  /** A verification: when it "changes" nothing on the host is touched, it is waited for and counted as a check. */
  readonly verifies?: boolean
  /** Its observations are of members of a quorum (`Member`): the engine counts them before it takes one down. */
  readonly isQuorum?: boolean
  /** Must hold before anything is changed: where it does not, the run is refused, and the proof does not ask again. */
  readonly precondition?: boolean
  /** What the operator can do where it does not hold; for the error. */
  advice?(desired: Desired): string
  /** Parts of a wish (keys of `desired`) that may hold a `Secret`. A secret anywhere else is refused. */
  readonly secrets?: readonly string[]
  /** Seconds that `apply` may take (default 300). */
  readonly timeoutSeconds?: number
  /** The same, where it depends on what is wanted. */
  secondsFor?(desired: readonly Desired[]): number
  /** Reads all at once; answers in the same order. Kinds that share one probe function are read in one question. */
  probe(desired: readonly Desired[]): Probe<readonly Actual[]>
  /** [] means converged. */
  plan(desired: Desired, actual: Actual, because: Because): readonly Change[]
  /** Changes all that are given, in one script run by `sh` as root; a non-zero exit is a failure of all of them. */
  apply(planned: readonly Planned<Desired, Actual>[]): Script
  /** Do these changes matter to those that act on it (`restartOn`)? Default yes; a file's mode alone does not. */
  triggers?(changes: readonly Change[], desired: Desired): boolean
  /** Labels of risk of these changes. */
  risks?(desired: Desired, changes: readonly Change[]): readonly Risk[]
  /** A second look, for `--diff` only: the changes again, with `diff` filled in. */
  detail?(planned: readonly Differing<Desired, Actual>[]): Probe<readonly (readonly Change[])[]>
  /**
   * Makes a change last that undoes itself otherwise. The engine runs it over a *new* connection after `apply`;
   * when none can be opened the host goes back by itself and the run says so.
   */
  confirm?(planned: readonly Planned<Desired, Actual>[]): Script
  /** Data that must come from another host before `apply`: it is streamed through us, never stored on the way. */
  transfer?(planned: Planned<Desired, Actual>): Transfer | undefined
  /** `apply` makes the host go away: the engine waits for it to answer again with another boot id. */
  readonly reboots?: boolean
}

/** Seconds that the copy of a large database may take: 4 TB at 100 MB/s take eleven hours. */
export const copySeconds = 12 * 3600

/** Milliseconds that `apply` may take for all of these together. */
export function limitOf(kind: Kind, planned: readonly { readonly desired: unknown }[]): number {
  return (kind.secondsFor?.(planned.map((p) => p.desired)) ?? kind.timeoutSeconds ?? 300) * 1000
}
