import type { Reporter } from '../model/event.ts'

export interface ReportOptions {
  write(text: string): void
  readonly color: boolean
  readonly verbose: boolean
}

/** A way of showing a run. */
export interface Report {
  readonly report: Reporter
  /** Leaves the terminal to someone else for a while: a plan to be read, a question. */
  settle(): Promise<void>
  /** Writes what is only known at the end. */
  close(): Promise<void>
}
