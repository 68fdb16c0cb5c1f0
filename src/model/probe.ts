import type { Script } from '../shell/sh.ts'

/** What a finished command gave back. `stdout` and `stderr` are decoded as UTF-8. */
export interface Output {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * A read of a host: a script that changes nothing, and how to understand its output.
 *
 * Built-in probes run inside the one shell of the batch (no process of their own), so they must be plain:
 * no `exit`, `cd`, `set`, `exec`, no variables left that matter to others. A script written by a user is
 * `isolated`: it gets a `sh` of its own, so that even a syntax error stays its own.
 * `parse` throws when the output makes no sense: a failed read is never a default.
 */
export interface Probe<T> {
  readonly script: Script
  readonly isolated?: boolean
  parse(output: Output): T
}

/** A named read that roles may ask for before they say what they want. */
export interface Fact<T> {
  readonly name: string
  readonly probe: Probe<T>
}
