import { patroniOwn } from '../facts/patroni.ts'
import { loadInventory } from '../inventory/index.ts'
import { byPosition, positionText } from '../model/position.ts'
import { withConnector } from './connector.ts'
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
  const { probe } = patroniOwn
  const seen = await withConnector(flags, hosts, ({ connect }) =>
    Promise.all(
      hosts.map(async (host) => {
        await using link = await connect(host)
        return { name: host.name, own: probe.parse(await link.exec(probe.script), []) }
      }),
    ),
  )
  for (const { name, own } of seen.toSorted((a, b) => byPosition(a.own?.position, b.own?.position)))
    console.error(`${name}  ${positionText(own?.position)}  ${own?.role ?? 'silent'}`)
}
