import { isIP } from 'node:net'
import { join } from 'node:path'
import type { Wish } from '../audit/policy.ts'
import { InputError } from '../errors.ts'
import type { Inventory } from '../inventory/index.ts'
import type { Host } from '../model/host.ts'
import { flatten } from '../model/resource.ts'
import type { Role } from '../model/role.ts'
import { loadPlaybook } from './load-playbook.ts'

type Policy = Wish['policy']

/** The role that renders the packet filter, and on which hosts. */
export interface FirewallRole {
  readonly role: Role
  readonly hosts: readonly Host[]
}

/** Finds the role `firewall` in a playbook: the audit asks the very function that a run asks. */
export async function firewallRole(inventory: Inventory, file: string): Promise<FirewallRole> {
  const { plays } = await loadPlaybook(file, join(import.meta.dirname, '..', '..'))
  const play = plays.find((p) => p.roles.some((role) => role.name === 'firewall'))
  const role = play?.roles.find((r) => r.name === 'firewall')
  if (!play || !role)
    throw new InputError({ where: file, what: 'no play of this playbook has the role firewall' })
  return { role, hosts: inventory.select(play.on) }
}

/** What the role wants of each host, given the facts of all; no facts: a host that is known by the inventory alone. */
export function policies(
  { role, hosts }: FirewallRole,
  inventory: Inventory,
  factsOf: (host: Host) => Readonly<Record<string, unknown>> | undefined,
): ReadonlyMap<string, Policy> {
  const peers = hosts.map((host) => ({ ...host, facts: factsOf(host) ?? byInventory(host) }))
  return new Map(
    peers.flatMap((host) => {
      const scene = {
        vars: inventory.varsFor(host, role),
        facts: host.facts,
        shared: {},
        secrets: {},
        host,
        hosts: peers,
      }
      const rules = flatten(role.resources(scene)).find((r) => r.kind.name === 'firewall')
      return rules ? [[host.name, (rules.desired as { readonly policy: Policy }).policy] as const] : []
    }),
  )
}

/** Facts as far as an inventory knows them: one address, no interface, nobody logged in. */
function byInventory({ address }: Host): Readonly<Record<string, unknown>> {
  const family = isIP(address)
  const network = family === 0 ? [] : [{ interface: 'external', family, address, prefix: 0 }]
  return { network, login: undefined }
}
