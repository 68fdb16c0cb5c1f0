import { forgetBegun } from '../engine/journal.ts'
import { InputError, RefusedError } from '../errors.ts'
import { loadInventory } from '../inventory/index.ts'
import { keyOf } from '../model/begun.ts'
import type { Host } from '../model/host.ts'
import type { Connect } from '../model/transport.ts'
import { formatRun, formatRuns } from '../report/runs.ts'
import { withConnector } from './connector.ts'
import type { ClusterFlags } from './flags.ts'
import { askHosts, runOf, type Told } from './run-notes.ts'

/**
 * `provision runs [show|forget ID]`: the hosts' own journals, put together. Exit 3 when one of them could not be read.
 */
export async function runsCommand(
  verb: string | undefined,
  id: string | undefined,
  flags: ClusterFlags,
): Promise<number> {
  if (verb !== undefined && (!['show', 'forget'].includes(verb) || id === undefined))
    throw new InputError({
      what: 'usage: provision runs, provision runs show ID, or provision runs forget ID',
    })
  const { hosts } = loadInventory(flags.inventory)
  return withConnector(flags, hosts, async ({ connect }) => {
    const told = await askHosts(hosts, connect)
    if (verb === 'forget' && id !== undefined) await forget(told, id, hosts, connect)
    else process.stdout.write(textOf(told, id, flags.output))
    for (const error of told.silent) console.error(error)
    return told.silent.length > 0 ? 3 : 0
  })
}

function textOf(told: Told, id: string | undefined, output: string): string {
  const one = id === undefined ? undefined : runOf(told, id)
  if (output === 'json') return `${JSON.stringify(one ?? told.runs, undefined, 2)}\n`
  return one ? formatRun(one) : formatRuns(told.runs)
}

/** Nobody wants the run any more: its notes go; what it has changed stays. */
async function forget(told: Told, id: string, hosts: readonly Host[], connect: Connect): Promise<void> {
  const { unfinished, asked } = runOf(told, id)
  if (!unfinished || !asked)
    throw new InputError({ what: `${id} is over: there is nothing to forget`, next: 'provision runs' })
  if (unfinished.isRunning) throw new RefusedError({ what: `${id} runs now`, next: 'end it first' })
  for (const host of hosts.filter((h) => unfinished.hosts.includes(h.name))) {
    await using link = await connect(host)
    await link.exec(forgetBegun(keyOf(asked)))
  }
  console.log(`${id} is forgotten on ${unfinished.hosts.join(', ')}; what it has changed stays changed`)
}
