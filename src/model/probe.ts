import type { Script } from '../shell/sh.ts'

/** What a finished command gave back. `stdout` and `stderr` are decoded as UTF-8, for people and for plain answers. */
export interface Output {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** Standard output as it came: what may hold any byte is read here. Absent where it came as text. */
  readonly bytes?: Buffer
}

/** An Output of what a command has written. */
export function outputOf(code: number, bytes: Buffer, stderr: Buffer | string): Output {
  return new Said(code, bytes, stderr.toString())
}

/** The bytes stand beside the text, not in it: two outputs that say the same are alike. */
class Said implements Output {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  readonly #bytes: Buffer

  constructor(code: number, bytes: Buffer, stderr: string) {
    this.code = code
    this.#bytes = bytes
    this.stdout = bytes.toString()
    this.stderr = stderr
  }

  get bytes(): Buffer {
    return this.#bytes
  }
}

/** A page that is asked for over HTTP: `client` is curl with the options that reach its server. */
export interface Get {
  readonly client: Script
  readonly url: string
}

/** The body of a page, on one line as JSON is; undefined where there was no answer, or one of 400 and above. */
export type Body = string | undefined

/**
 * A read of a host: a script that changes nothing, and how to understand its output.
 *
 * Built-in probes run inside the one shell of the batch (no process of their own), so they must be plain:
 * no `exit`, `cd`, `set`, `exec`, no variables left that matter to others. A script written by a user is
 * `isolated`: it gets a `sh` of its own, so that even a syntax error stays its own.
 * `gets` are the pages that it needs as well: whatever many probes ask of one server is asked once, by one curl.
 * `parse` throws when the output makes no sense: a failed read is never a default. Bodies are in the order of `gets`.
 */
export interface Probe<T> {
  readonly script: Script
  readonly gets?: readonly Get[]
  readonly isolated?: boolean
  parse(output: Output, bodies: readonly Body[]): T
}

/** A named read that roles may ask for before they say what they want. */
export interface Fact<T> {
  readonly name: string
  readonly probe: Probe<T>
  /** Seconds that it may take (default 60, of all facts together). */
  readonly withinSeconds?: number
}
