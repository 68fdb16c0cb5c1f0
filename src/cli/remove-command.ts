import { InputError } from '../errors.ts'
import { loadInventory } from '../inventory/index.ts'
import { hostNamed } from './day2.ts'
import type { RemoveFlags, RunFlags } from './flags.ts'
import { runCommand } from './run-command.ts'

export const leavePlaybook = 'playbooks/leave.ts'

/**
 * `provision remove HOST`: it leaves in order, then the others forget it and go on without it: two runs, each with its
 * plan. With `--dead` only the second. Taking the host out of the inventory is left to the operator.
 */
export async function removeCommand(name: string, flags: RemoveFlags): Promise<number> {
  const set = flags.set ?? []
  const { vars } = hostNamed(name, loadInventory(flags.inventory, { set }).hosts)
  // Told now: the second run would find it when the host has left already.
  const { voters = [] } = (vars.cluster ?? {}) as { readonly voters?: readonly string[] }
  if (voters.includes(name))
    throw new InputError({
      host: name,
      what: `cluster.voters names ${name}: it has a vote in etcd`,
      next: `name another host there instead, and run provision; then provision remove ${name}`,
    })
  if (!flags.dead) {
    const code = await runCommand(leavePlaybook, { ...flags, set: [...set, `leave.host=${name}`] })
    if (code !== 0) return code
  }
  return forgetHost(name, flags)
}

/** The second run. `provision resume` goes on with it where the first had died. */
export async function forgetHost(name: string, flags: RunFlags): Promise<number> {
  const set = flags.set ?? []
  const { address } = hostNamed(name, loadInventory(flags.inventory, { set }).hosts)
  const code = await runCommand('playbooks/forget.ts', {
    ...flags,
    without: name,
    set: [...set, `forget.host=${name}`, `forget.address=${address}`],
  })
  if (code === 0 && !flags.check)
    console.error(
      `${name} is out of the cluster; what it has stored stays on it. Take it out of ${flags.inventory} now: until then provision refuses to run.`,
    )
  return code
}
