import { text } from 'node:stream/consumers'
import { InputError } from '../errors.ts'
import { loadInventory } from '../inventory/index.ts'
import { readVault, writeVault } from '../vault/store.ts'
import { newPassword } from '../vault/vault.ts'
import type { ClusterFlags } from './flags.ts'

/** Known to whoever runs the other end; roles ask for them as `given`. */
const othersGive: ReadonlySet<string> = new Set([
  'backup-s3-key',
  'backup-s3-secret',
  'backup-sftp-key',
  'monitoring-deadman',
  'monitoring-webhook',
  'registry-password',
])

/** `provision secrets list | show NAME | set NAME | rotate NAME`. A run then brings a changed secret to where it is used. */
export async function secretsCommand(
  what: string,
  name: string | undefined,
  flags: ClusterFlags,
): Promise<number> {
  const { secrets } = loadInventory(flags.inventory)
  const entries = await readVault(secrets)
  const names = Object.keys(entries).sort()
  if (what === 'list') {
    console.log(names.join('\n'))
    return 0
  }
  if (!name) throw new InputError({ what: `provision secrets ${what} needs the name of a secret` })
  if (what === 'set') {
    const value = (await text(process.stdin)).replace(/\r?\n$/, '')
    if (value === '') throw new InputError({ what: 'no value came from standard input: nothing was set' })
    await writeVault(secrets, { ...entries, [name]: value })
    return 0
  }
  const value = entries[name]
  if (value === undefined)
    throw new InputError({ what: `there is no secret ${name}`, next: `there are ${names.join(', ')}` })
  if (what === 'show') {
    console.log(value)
    return 0
  }
  if (what !== 'rotate')
    throw new InputError({ what: 'usage: provision secrets list | show NAME | set NAME | rotate NAME' })
  if (name === 'tls/ca')
    throw new InputError({
      what: 'the authority cannot be rotated in one step: every member must trust the old and the new meanwhile',
      next: 'rotate the certificates of hosts (tls/NAME); those are signed anew',
    })
  if (name === 'backup-cipher')
    throw new InputError({
      what: 'the key of the backups cannot be changed: all that are there would be unreadable',
      next: 'begin another repository: another backup.folder, and its key by provision secrets set backup-cipher',
    })
  if (othersGive.has(name))
    throw new InputError({
      what: `${name} is made up by others: a new one must come from them`,
      next: `provision secrets set ${name} reads it from standard input`,
    })
  const { [name]: _, ...others } = entries
  // A certificate that is not there is signed anew by the next run; a password is made here.
  await writeVault(secrets, name.startsWith('tls/') ? others : { ...others, [name]: newPassword() })
  console.log(
    `${name} is new in ${secrets.file}. Now bring it to where it is used: provision --inventory ${flags.inventory}`,
  )
  return 0
}
