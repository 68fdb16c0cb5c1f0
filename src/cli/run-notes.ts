import { journalRecords, unfinishedRuns } from '../engine/journal.ts'
import { InputError, ProvisionError } from '../errors.ts'
import type { Host } from '../model/host.ts'
import type { Connect } from '../model/transport.ts'
import { type HostNote, type HostRecord, type RunEntry, runsOf } from '../report/runs-of.ts'

/** What the hosts know of runs. */
export interface Told {
  /** Newest first. */
  readonly runs: readonly RunEntry[]
  /** Why a host could not be asked. */
  readonly silent: readonly string[]
}

/** Reads journals and notes of all hosts, put together. */
export async function askHosts(hosts: readonly Host[], connect: Connect): Promise<Told> {
  const read = await Promise.all(hosts.map((host) => readHost(host, connect)))
  return {
    runs: runsOf(
      read.flatMap((r) => r.records),
      read.flatMap((r) => r.notes),
    ),
    silent: read.flatMap((r) => r.error ?? []),
  }
}

interface Read {
  readonly records: readonly HostRecord[]
  readonly notes: readonly HostNote[]
  readonly error?: string
}

async function readHost(host: Host, connect: Connect): Promise<Read> {
  try {
    await using link = await connect(host)
    const records = journalRecords.parse(await link.exec(journalRecords.script), [])
    const notes = unfinishedRuns.parse(await link.exec(unfinishedRuns.script), [])
    const named = <T>(list: readonly T[]) => list.map((item) => ({ ...item, host: host.name }))
    return { records: named(records), notes: named(notes) }
  } catch (error) {
    if (!(error instanceof ProvisionError)) throw error
    return { records: [], notes: [], error: error.message }
  }
}

/** The run of that id. Throws InputError where no host knows it. */
export function runOf({ runs }: Told, id: string): RunEntry {
  const run = runs.find((r) => r.id === id)
  if (run) return run
  throw new InputError({ what: `no host knows a run ${id}`, next: 'provision runs lists them' })
}
