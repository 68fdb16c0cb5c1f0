import type { Level, Severity } from '../finding.ts'

/** What is known of a kind of finding before any host is looked at. */
export interface Entry {
  readonly severity: Severity
  /** How it is found as a rule; a finding may say another. */
  readonly level: Level
  /** A few words: the head of a group of findings. */
  readonly title: string
  /** What it means for whoever runs the host. One sentence. */
  readonly meaning: string
  /** What to do. One sentence. */
  readonly fix: string
}

export type Entries = Readonly<Record<`FW${number}`, Entry>>
