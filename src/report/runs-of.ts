import type { RunRecord } from '../model/run-record.ts'

/** A record of a host's journal, with the host. */
export interface HostRecord extends RunRecord {
  readonly host: string
}

/** A run over all hosts that it changed. */
export interface RunEntry {
  readonly id: string
  readonly startedAt: string
  readonly endedAt: string
  readonly seconds: number
  readonly who: string
  readonly playbook: string
  readonly commit?: string
  readonly failed: boolean
  readonly hosts: readonly {
    readonly host: string
    readonly changed: readonly string[]
    readonly failed: boolean
  }[]
}

/** The records of all hosts by run, newest first. Records without an id, of early versions, stand for themselves. */
export function runsOf(records: readonly HostRecord[]): readonly RunEntry[] {
  const byRun = Map.groupBy(records, (r) => r.id ?? `${r.at} ${r.host}`)
  return [...byRun]
    .map(([id, of]) => entry(id, of))
    .toSorted((a, b) => b.startedAt.localeCompare(a.startedAt))
}

function entry(id: string, records: readonly HostRecord[]): RunEntry {
  const first = records[0] as HostRecord
  const startedAt = records.map((r) => r.startedAt ?? r.at).toSorted()[0] ?? first.at
  const endedAt =
    records
      .map((r) => r.at)
      .toSorted()
      .at(-1) ?? first.at
  return {
    id,
    startedAt,
    endedAt,
    seconds: Math.round((Date.parse(endedAt) - Date.parse(startedAt)) / 1000),
    who: first.who,
    playbook: first.playbook,
    ...(first.commit === undefined ? {} : { commit: first.commit }),
    failed: records.some((r) => r.failed === true),
    hosts: records.map(({ host, changed, failed = false }) => ({ host, changed, failed })),
  }
}
