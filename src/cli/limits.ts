import { InputError } from '../errors.ts'
import type { Inventory } from '../inventory/index.ts'
import type { Playbook } from '../model/playbook.ts'

/**
 * Names of the hosts that `--limit` leaves; undefined where it was not given. Throws InputError where it selects nobody, or
 * nobody that a play of the playbook runs on.
 */
export function limitOf(
  limit: string | undefined,
  inventory: Pick<Inventory, 'select'>,
  { name, plays }: Playbook,
): ReadonlySet<string> | undefined {
  if (limit === undefined) return undefined
  const hosts = inventory.select(limit)
  if (hosts.length === 0)
    throw new InputError({
      what: `--limit ${limit} selects no host`,
      next: 'a,b unites and !c takes away; provision inventory graph shows groups and hosts',
    })
  const played = new Set(plays.flatMap((play) => inventory.select(play.on)).map((host) => host.name))
  if (!hosts.some((host) => played.has(host.name)))
    throw new InputError({
      what: `--limit ${limit}: no play of ${name} runs on ${hosts.map((host) => host.name).join(', ')}`,
      next: `it runs on ${[...played].join(', ') || 'no host at all'}`,
    })
  return new Set(hosts.map((host) => host.name))
}
