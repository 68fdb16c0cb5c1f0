import { existsSync } from 'node:fs'
import type { Inventory } from '../inventory/index.ts'
import type { Host } from '../model/host.ts'
import type { Playbook } from '../model/playbook.ts'
import type { Role } from '../model/role.ts'
import { keyDigestsBy } from '../secret/digest.ts'
import { areThereSecrets } from '../secret/known.ts'
import { operatorKey } from '../vault/operator-key.ts'
import type { Need } from '../vault/vault.ts'

type Named = Readonly<Record<string, unknown>>

/** Shared vars and opened secrets of every role on every host, by the names that the role gives them. */
export interface Secrets {
  sharedOf(host: Host, role: Role): Named
  secretsOf(host: Host, role: Role): Named
}

/** Opens what the roles of a playbook need, before the first connection. What is missing is generated and saved. */
export async function openSecrets(playbook: Playbook, inventory: Inventory): Promise<Secrets> {
  const sharedOf = (host: Host, role: Role) => sharedVarsOf(inventory, host, role)
  const needsOf = (host: Host, role: Role): readonly (Need & { readonly key: string })[] => {
    const shared = sharedOf(host, role)
    const specs = Object.entries(role.secrets(inventory.varsFor(host, role), shared))
    return specs.map(([key, spec]) => ({ key, host, spec, shared }))
  }
  const needs = playbook.plays.flatMap((play) =>
    inventory.select(play.on).flatMap((host) => play.roles.flatMap((role) => needsOf(host, role))),
  )
  // Playbooks without secrets pay nothing for them.
  if (needs.length === 0 && !(areThereSecrets() && existsSync(inventory.secrets.file))) {
    keyDigestsBy(operatorKey)
    return { sharedOf, secretsOf: () => ({}) }
  }
  const { openVault } = await import('../vault/vault.ts')
  const { made, answer, digestKey } = await openVault(inventory.secrets, needs)
  keyDigestsBy(() => digestKey)
  if (made.length > 0)
    console.error(`made ${made.join(', ')} in ${inventory.secrets.file} (key: ${inventory.secrets.identity})`)
  return {
    sharedOf,
    secretsOf: (host, role) =>
      Object.fromEntries(needsOf(host, role).map((need) => [need.key, answer(need)])),
  }
}

/** The vars that a role shares with others, by the names that it gives them. */
export function sharedVarsOf(inventory: Inventory, host: Host, role: Role): Named {
  return Object.fromEntries(
    Object.entries(role.shared).map(([key, owner]) => [key, inventory.varsFor(host, owner)]),
  )
}
