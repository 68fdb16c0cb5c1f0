import { InputError, RefusedError } from '../errors.ts'
import { loadInventory } from '../inventory/index.ts'
import { nearest } from '../inventory/nearest.ts'
import type { Host } from '../model/host.ts'
import { fingerprint, keyType, verdict } from '../transport/host-keys.ts'
import { trustKey } from '../transport/known-hosts.ts'
import { ask } from './ask.ts'
import { connectorFor } from './connector.ts'
import type { ReplaceFlags } from './flags.ts'
import { runCommand } from './run-command.ts'

/**
 * `provision replace HOST`: a new machine stands where a dead one was. Its host key is taken only by a fingerprint that
 * somebody has read on its console; the rest is a run of playbooks/replace.ts.
 */
export async function replaceCommand(name: string, flags: ReplaceFlags): Promise<number> {
  const inventory = loadInventory(flags.inventory, { set: flags.set ?? [] })
  const host = inventory.hosts.find((h) => h.name === name)
  if (!host)
    throw new InputError({
      what: `the inventory has no host ${name}`,
      next: nearest(
        name,
        inventory.hosts.map((h) => h.name),
      ),
    })
  const connector = connectorFor(flags, (other) => inventory.hosts.find((h) => h.name === other))
  try {
    const { host: completed, key } = await connector.hostKey(host)
    if (verdict(completed, key) !== 'known') await accept(completed, key, flags)
  } finally {
    connector.close()
  }
  return runCommand('playbooks/replace.ts', { ...flags, set: [...(flags.set ?? []), `replace.host=${name}`] })
}

/** Takes the new machine's key, when it is the one that the operator has read. */
async function accept(host: Host, key: Buffer, { hostKey }: ReplaceFlags): Promise<void> {
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
