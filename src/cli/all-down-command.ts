import { byPosition, positionText, postgresMember } from '../facts/postgres-member.ts'
import { loadInventory } from '../inventory/index.ts'
import { connectorFor } from './connector.ts'
import { setOf } from './day2.ts'
import type { RunFlags } from './flags.ts'
import { runCommand } from './run-command.ts'

/**
 * `provision dr all-down`: waits for each part of the stack in order, shows how far each member is, then does what every run
 * does. That is a run of its own: while the hosts come up its plan would be one for a cluster that is half there, and
 * the engine would refuse it for a quorum that is only late.
 */
export async function allDownCommand({
  force,
  ...flags
}: RunFlags & { readonly force?: boolean }): Promise<number> {
  const set = [...(flags.set ?? []), ...setOf('all-down', { force }, flags.inventory)]
  const code = await runCommand('playbooks/dr-all-down.ts', { ...flags, set })
  if (code !== 0 || flags.check) return code
  await showPositions(flags)
  return runCommand('playbooks/site.ts', flags)
}

async function showPositions(flags: RunFlags): Promise<void> {
  const { hosts } = loadInventory(flags.inventory)
  const connector = connectorFor(flags, (name) => hosts.find((h) => h.name === name))
  try {
    const seen = await Promise.all(
      hosts.map(async (host) => {
        await using link = await connector.connect(host)
        return {
          name: host.name,
          ...postgresMember.probe.parse(await link.exec(postgresMember.probe.script), []),
        }
      }),
    )
    for (const { name, role, position } of seen.toSorted((a, b) => byPosition(a.position, b.position)))
      console.error(`${name}  ${positionText(position)}  ${role ?? 'silent'}`)
  } finally {
    connector.close()
  }
}
