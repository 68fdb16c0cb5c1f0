import type { Script } from '../shell/sh.ts'
import type { Host } from './host.ts'
import type { Output } from './probe.ts'

export interface ExecOptions {
  /** Milliseconds until the command is given up (default 60 000). */
  readonly timeoutMs?: number
}

/** One open way to a host. Scripts are run by `sh`, as root where the host says `become`. */
export interface Transport extends AsyncDisposable {
  readonly host: Host
  /** Sends the script to the standard input of one remote `sh`. Throws CommandError on timeout, ConnectError on a lost link. */
  exec(script: Script, options?: ExecOptions): Promise<Output>
  /** A second, new connection to the same host: proof that one can still get in. */
  fresh(): Promise<Transport>
  /** Runs `script` and resolves with its first line of output, leaving it running until `release`: for locks. */
  hold(script: Script): Promise<{ readonly line: string; release(): Promise<void> }>
}

export type Connect = (host: Host) => Promise<Transport>
