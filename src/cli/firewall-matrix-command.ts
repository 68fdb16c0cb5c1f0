import { portRows } from '../audit/port-matrix.ts'
import { InputError } from '../errors.ts'
import { loadInventory } from '../inventory/index.ts'
import { formatPortMatrix, markdownPortMatrix } from '../report/port-matrix.ts'
import { firewallRole, policies } from './firewall-policy.ts'
import type { FirewallFlags } from './flags.ts'

/** `provision firewall matrix`: who may reach which port, and why. Connects to nobody. */
export async function firewallMatrixCommand({
  inventory: file,
  output,
  playbook,
}: FirewallFlags): Promise<number> {
  const inventory = loadInventory(file)
  const role = await firewallRole(inventory, playbook)
  const rows = portRows(policies(role, inventory, () => undefined))
  const print = printers[output ?? 'text']
  if (!print)
    throw new InputError({ what: `--output takes ${Object.keys(printers).join(', ')}, not ${output}` })
  process.stdout.write(print(rows, role.hosts.length))
  return 0
}

const printers: Readonly<Record<string, typeof formatPortMatrix>> = {
  text: formatPortMatrix,
  markdown: markdownPortMatrix,
  json: (rows) => `${JSON.stringify(rows, undefined, 2)}\n`,
}
