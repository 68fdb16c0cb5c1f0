import type { Reporter } from '../model/event.ts'

export interface ReportOptions {
  write(text: string): void
  readonly color: boolean
  readonly verbose: boolean
  readonly columns: number
}

/** A way of showing a run. `close` writes what is only known at the end. */
export interface Report {
  readonly report: Reporter
  close(): Promise<void>
}
