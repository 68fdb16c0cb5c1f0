import type { Readable } from 'node:stream'
import type { Script } from '../shell/sh.ts'
import type { Host } from './host.ts'
import type { Output } from './probe.ts'

export interface ExecOptions {
  /** Milliseconds until the command is given up (default 60 000). */
  readonly timeoutMs?: number
}

/** A running script and its data. `done` has no stdout. */
export interface Pipe {
  readonly output: Readable
  readonly done: Promise<Output>
}

/** One open way to a host. Scripts are run by `sh`, as root where the host says `become`. */
export interface Transport extends AsyncDisposable {
  readonly host: Host
  /** Sends the script to the standard input of one remote `sh`. Throws CommandError on timeout, ConnectError on a lost link. */
  exec(script: Script, options?: ExecOptions): Promise<Output>
  /**
   * Runs a script whose standard output, or input, is data of any length: no limit of time. The script is seen in the
   * host's process list, so it holds no secret. `done` gives the exit code once the output was read to its end.
   */
  pipe(script: Script, input?: Readable): Promise<Pipe>
  /** A second, new connection to the same host: proof that one can still get in. */
  fresh(): Promise<Transport>
  /** Runs `script` and resolves with its first line of output, leaving it running until `release`: for locks. */
  hold(script: Script): Promise<{ readonly line: string; release(): Promise<void> }>
}

export type Connect = (host: Host) => Promise<Transport>
