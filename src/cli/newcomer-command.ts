import { InputError, RefusedError } from '../errors.ts'
import { loadInventory } from '../inventory/index.ts'
import type { Host } from '../model/host.ts'
import { fingerprint, keyType, verdict } from '../transport/host-keys.ts'
import { trustKey } from '../transport/known-hosts.ts'
import { ask } from './ask.ts'
import { mustType } from './confirm.ts'
import { withConnector } from './connector.ts'
import { hostNamed } from './day2.ts'
import type { NewcomerFlags } from './flags.ts'
import { runCommand } from './run-command.ts'

/**
 * `provision add HOST` and `provision replace HOST`: a new machine, beside the others or where a dead one was. Its host key
 * is taken only by a fingerprint that somebody has read on its console; the rest is a run of the playbook of that name.
 */
export async function newcomerCommand(
  playbook: 'add' | 'replace',
  name: string,
  flags: NewcomerFlags,
): Promise<number> {
  const { hosts } = loadInventory(flags.inventory, { set: flags.set ?? [] })
  const host = hostNamed(name, hosts)
  if (flags.decommission) return decommission(name, flags)
  if (flags.wipe && !flags.check)
    await mustType(name, flags.confirm, {
      danger: '--wipe deletes databases for good',
      question: `What ${name} holds of another cluster will be gone.`,
      called: 'its name',
      host: name,
    })
  await withConnector(flags, hosts, async (connector) => {
    const { host: completed, key } = await connector.hostKey(host)
    const seen = verdict(completed, key)
    if (seen === 'revoked')
      throw new RefusedError({
        host: name,
        what: `the machine shows ${keyType(key)} ${fingerprint(key)}, which is revoked: nothing was changed`,
        next: 'give it new host keys: ssh-keygen -A, after the old ones were deleted',
      })
    if (seen !== 'known') await accept(completed, key, flags)
  })
  const asked = [`newcomer.host=${name}`, ...(flags.wipe ? ['newcomer.wipe=true'] : [])]
  return runCommand(`playbooks/${playbook}.ts`, { ...flags, set: [...(flags.set ?? []), ...asked] })
}

/** The old machine still works: it leaves in order, and then somebody puts the new one in its place. */
async function decommission(name: string, flags: NewcomerFlags): Promise<number> {
  const code = await runCommand('playbooks/leave.ts', {
    ...flags,
    set: [...(flags.set ?? []), `leave.host=${name}`],
  })
  if (code === 0 && !flags.check)
    console.error(
      `${name} has left. Switch it off, put the new machine in its place (or write its address into ${flags.inventory}), then: provision replace ${name}`,
    )
  return code
}

/** Takes the new machine's key, when it is the one that the operator has read. */
async function accept(host: Host, key: Buffer, { hostKey }: NewcomerFlags): Promise<void> {
  const shown = `${keyType(key)} ${fingerprint(key)}`
  const where = 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub, on its console'
  if (host.connection.hostKeys.length > 0)
    throw new InputError({
      host: host.name,
      what: `the new machine shows ${shown}, and the inventory pins another key`,
      next: `compare it (${where}); then write it into connection.hostKeys`,
    })
  if (hostKey !== undefined && hostKey !== fingerprint(key))
    throw new RefusedError({
      host: host.name,
      what: `the machine shows ${shown}, not ${hostKey}: nothing was changed`,
      next: `is it the right machine? ${where}`,
    })
  if (hostKey === undefined && !(await isConfirmed(host, shown, where)))
    throw new RefusedError({ host: host.name, what: 'the key was not confirmed: nothing was changed' })
  console.error(`${host.name}: ${shown} is written to ${trustKey(host, key)}; its old keys are taken out`)
}

async function isConfirmed({ name }: Host, shown: string, where: string): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new InputError({
      host: name,
      what: `the machine shows a new host key, ${shown}, and there is nobody to ask`,
      next: `read it there (${where}), and give it: --host-key SHA256:…`,
    })
  const typed = await ask(
    `${name} shows a new host key:\n  ${shown}\nRead it on the machine (${where}).\nThe last six characters of its fingerprint: `,
  )
  return typed.length === 6 && shown.endsWith(typed)
}
