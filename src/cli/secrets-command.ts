import { text } from 'node:stream/consumers'
import { InputError } from '../errors.ts'
import { loadInventory } from '../inventory/index.ts'
import { type Entries, readVault, type VaultPlace, writeVault } from '../vault/store.ts'
import { digestKeyName, newPassword } from '../vault/vault.ts'
import { askHidden } from './ask.ts'
import { edited } from './edit-secret.ts'
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

/** Why one can be neither replaced nor deleted, and what to do instead. */
const fixed: Readonly<Record<string, { readonly why: string; readonly next: string }>> = {
  'tls/ca': {
    why: 'every member must trust the old and the new authority meanwhile, so it cannot go in one step',
    next: 'rotate the certificates of hosts (tls/NAME); those are signed again',
  },
  'backup-cipher': {
    why: 'it is the key of the backups: all that are there would be unreadable',
    next: 'begin another repository: another backup.folder, and its key by provision secrets set backup-cipher',
  },
}

const verbs = ['list', 'show', 'set', 'edit', 'rotate', 'delete']

interface Held {
  readonly place: VaultPlace
  readonly entries: Entries
  readonly name: string
  readonly inventory: string
}

/**
 * `provision secrets list | show NAME | set NAME | edit NAME | rotate NAME | delete NAME`. A run then brings a changed
 * secret to where it is used.
 */
export async function secretsCommand(
  verb: string,
  name: string | undefined,
  flags: ClusterFlags,
): Promise<number> {
  if (!verbs.includes(verb))
    throw new InputError({ what: `provision secrets has no ${verb}`, next: `it has ${verbs.join(', ')}` })
  if (verb !== 'list' && !name)
    throw new InputError({ what: `provision secrets ${verb} needs the name of a secret` })
  const place = loadInventory(flags.inventory, { mayBeEmpty: true }).secrets
  const entries = await readVault(place)
  if (verb === 'list' || !name) {
    console.log(Object.keys(entries).sort().join('\n'))
    return 0
  }
  const held = { place, entries, name, inventory: flags.inventory }
  if (verb === 'set') return setSecret(held)
  const value = entries[name]
  if (value === undefined)
    throw new InputError({
      what: `there is no secret ${name}`,
      next: `there are ${Object.keys(entries).sort().join(', ') || 'none yet'}`,
    })
  if (verb === 'edit') return editSecret(held, value)
  if (verb === 'rotate') return rotateSecret(held)
  if (verb === 'delete') return deleteSecret(held)
  console.log(value)
  return 0
}

async function setSecret({ place, entries, name }: Held): Promise<number> {
  const value = process.stdin.isTTY
    ? await typedTwice(name)
    : (await text(process.stdin)).replace(/\r?\n$/, '')
  if (value === '')
    throw new InputError({
      what: process.stdin.isTTY
        ? 'nothing was typed: nothing was set'
        : 'no value came from standard input: nothing was set',
    })
  await writeVault(place, { ...entries, [name]: value })
  return 0
}

/** What is typed is not shown, so it is typed twice. */
async function typedTwice(name: string): Promise<string> {
  for (;;) {
    const value = await askHidden(`Value of ${name} (not shown): `)
    if (value === '' || value === (await askHidden('Once more: '))) return value
    console.error(
      'the two differ: type both again. A value of several lines: provision secrets set NAME < FILE',
    )
  }
}

async function editSecret({ place, name, inventory }: Held, value: string): Promise<number> {
  if (name.startsWith('tls/'))
    throw new InputError({
      what: `${name} is a key and its certificate, signed by provision: it is not edited`,
      next: `provision secrets rotate ${name}`,
    })
  const changed = (await edited(name, value)).replace(/\r?\n$/, '')
  if (changed === value.replace(/\r?\n$/, '')) {
    console.log(`${name} is unchanged`)
    return 0
  }
  if (changed === '')
    throw new InputError({
      what: `${name} would be empty: nothing was changed`,
      next: `provision secrets delete ${name}`,
    })
  // The editor was open for a while: whatever else was set meanwhile stays.
  await writeVault(place, { ...(await readVault(place)), [name]: changed })
  told(`${name} is changed`, place, inventory)
  return 0
}

async function rotateSecret({ place, entries, name, inventory }: Held): Promise<number> {
  mayGo(name, 'rotated')
  if (othersGive.has(name))
    throw new InputError({
      what: `${name} is made up by others: a new one must come from them`,
      next: `provision secrets set ${name}`,
    })
  const { [name]: _, ...others } = entries
  // A certificate that is not there is signed again by the next run; a password is made here.
  await writeVault(place, name.startsWith('tls/') ? others : { ...others, [name]: newPassword() })
  told(`${name} is new`, place, inventory)
  return 0
}

async function deleteSecret({ place, entries, name }: Held): Promise<number> {
  mayGo(name, 'deleted')
  const { [name]: _, ...others } = entries
  await writeVault(place, others)
  const after = othersGive.has(name)
    ? `A run that needs it asks for it: provision secrets set ${name}`
    : name === digestKeyName
      ? 'The next run makes another; secrets of the swarm then get new names, and what reads them restarts.'
      : 'A run that needs it makes a new one and brings it to where it is used; one that others make up, it asks for.'
  console.log(`${name} is deleted from ${place.file}. ${after}`)
  return 0
}

function mayGo(name: string, how: string): void {
  const reason = fixed[name]
  if (reason) throw new InputError({ what: `${name} cannot be ${how}: ${reason.why}`, next: reason.next })
}

function told(what: string, { file }: VaultPlace, inventory: string): void {
  console.log(`${what} in ${file}. Now bring it to where it is used: provision --inventory ${inventory}`)
}
