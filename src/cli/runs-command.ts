import { journalRecords } from '../engine/journal.ts'
import { InputError, ProvisionError } from '../errors.ts'
import { loadInventory } from '../inventory/index.ts'
import type { Host } from '../model/host.ts'
import type { Connect } from '../model/transport.ts'
import { formatRun, formatRuns } from '../report/runs.ts'
import { type HostRecord, type RunEntry, runsOf } from '../report/runs-of.ts'
import { connectorFor } from './connector.ts'
import type { ClusterFlags } from './flags.ts'

/** `provision runs [show ID]`: the hosts' own journals, put together. Exit 3 when one of them could not be read. */
export async function runsCommand(
  show: string | undefined,
  id: string | undefined,
  flags: ClusterFlags,
): Promise<number> {
  if (show !== undefined && (show !== 'show' || id === undefined))
    throw new InputError({ what: 'usage: provision runs, or provision runs show ID' })
  const { hosts } = loadInventory(flags.inventory)
  const connector = connectorFor(flags, (name) => hosts.find((h) => h.name === name))
  try {
    const read = await Promise.all(hosts.map((host) => recordsOf(host, connector.connect)))
    const runs = runsOf(read.flatMap((r) => r.records))
    process.stdout.write(textOf(runs, id, flags.output))
    const silent = read.flatMap((r) => r.error ?? [])
    for (const error of silent) console.error(error)
    return silent.length > 0 ? 3 : 0
  } finally {
    connector.close()
  }
}

function textOf(runs: readonly RunEntry[], id: string | undefined, output: string): string {
  const chosen = id === undefined ? runs : runs.filter((run) => run.id === id)
  if (id !== undefined && chosen.length === 0)
    throw new InputError({ what: `no host knows a run ${id}`, next: 'provision runs lists them' })
  if (output === 'json') return `${JSON.stringify(id === undefined ? chosen : chosen[0], undefined, 2)}\n`
  const [one] = chosen
  return id !== undefined && one ? formatRun(one) : formatRuns(chosen)
}

async function recordsOf(
  host: Host,
  connect: Connect,
): Promise<{ readonly records: readonly HostRecord[]; readonly error?: string }> {
  try {
    const link = await connect(host)
    try {
      const records = journalRecords.parse(await link.exec(journalRecords.script), [])
      return { records: records.map((record) => ({ ...record, host: host.name })) }
    } finally {
      await link[Symbol.asyncDispose]()
    }
  } catch (error) {
    if (!(error instanceof ProvisionError)) throw error
    return { records: [], error: error.message }
  }
}
