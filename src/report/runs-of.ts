import { type Asked, keyOf, type Unfinished } from '../model/begun.ts'
import type { RunRecord } from '../model/run-record.ts'

// The history of runs: what the journals and notes of all hosts say, put together run by run.

/** A record of a host's journal, with the host. */
export interface HostRecord extends RunRecord {
  readonly host: string
}

/** A note of a run that did not end well, with the host that has it. */
export interface HostNote extends Unfinished {
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
  /** What it was asked to do; runs of early versions did not say. */
  readonly asked?: Asked
  /** The run that it took over. */
  readonly resumes?: string
  /** Where it did not end well, and was not done by a later one either. */
  readonly unfinished?: { readonly hosts: readonly string[]; readonly isRunning: boolean }
}

/** The records and notes of all hosts by run, newest first. Records without an id, of early versions, stand for themselves. */
export function runsOf(records: readonly HostRecord[], notes: readonly HostNote[] = []): readonly RunEntry[] {
  const byRun = Map.groupBy(records, (r) => r.id ?? `${r.at} ${r.host}`)
  const recorded = [...byRun].map(([id, of]) => entry(id, of))
  const open = openNotes(notes, recorded)
  const known = new Set(recorded.map((run) => run.id))
  const unrecorded = [...open].flatMap(([id, [note]]) => (known.has(id) || !note ? [] : [entryOf(note)]))
  return [...recorded, ...unrecorded]
    .map((run) => withNotes(run, open.get(run.id) ?? []))
    .toSorted((a, b) => b.startedAt.localeCompare(a.startedAt))
}

/** Notes by run, without those of runs that a later one of the same kind has done, or has tried again. */
function openNotes(
  notes: readonly HostNote[],
  runs: readonly RunEntry[],
): ReadonlyMap<string, readonly HostNote[]> {
  const later = [...notes, ...runs.filter((run) => !run.failed)]
  const isOver = (note: HostNote) =>
    later.some(
      ({ asked, startedAt }) => asked && startedAt > note.startedAt && keyOf(asked) === keyOf(note.asked),
    )
  return Map.groupBy(
    notes.filter((note) => !isOver(note)),
    (note) => note.id,
  )
}

/** A run that has left nothing but its notes. */
function entryOf(note: HostNote): RunEntry {
  const { id, startedAt, who, playbook, commit } = note
  return {
    ...{ id, startedAt, endedAt: startedAt, seconds: 0, who, playbook, failed: false, hosts: [] },
    ...(commit === undefined ? {} : { commit }),
  }
}

function withNotes(run: RunEntry, notes: readonly HostNote[]): RunEntry {
  const [first] = notes
  if (!first) return run
  const { asked, resumes } = first
  const unfinished = { hosts: notes.map((n) => n.host), isRunning: notes.some((n) => n.isRunning) }
  return { ...run, asked, ...(resumes === undefined ? {} : { resumes }), unfinished }
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
    ...(first.asked ? { asked: first.asked } : {}),
    ...(first.resumes === undefined ? {} : { resumes: first.resumes }),
  }
}
