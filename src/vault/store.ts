import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { InputError } from '../errors.ts'

/** Where the secrets of an inventory are kept, and what opens them. */
export interface VaultPlace {
  /** Encrypted with age, in ASCII armor: it may be committed. */
  readonly file: string
  /** File with the age identity (`AGE-SECRET-KEY-1…`): never committed; a copy belongs in a safe place. */
  readonly identity: string
  /** Further age recipients (`age1…`) that may open the file too. */
  readonly recipients: readonly string[]
}

export type Entries = Record<string, string>

/** Opens the file; {} where there is none yet. Throws InputError when it cannot be opened. */
export async function readVault(place: VaultPlace): Promise<Entries> {
  if (!existsSync(place.file)) return {}
  const age = await import('age-encryption')
  const decrypter = new age.Decrypter()
  decrypter.addIdentity(readIdentity(place))
  try {
    const text = await decrypter.decrypt(age.armor.decode(readFileSync(place.file, 'utf8')), 'text')
    return JSON.parse(text) as Entries
  } catch (cause) {
    throw new InputError({
      what: `the secrets in ${place.file} cannot be opened with ${place.identity}`,
      why: cause instanceof Error ? cause.message : String(cause),
      next: 'name the right identity: secrets.identity in the inventory, or PROVISION_AGE_KEY_FILE',
      cause,
    })
  }
}

/** Writes the file whole, beside its place first: it is never half there. Makes an identity where there is none. */
export async function writeVault(place: VaultPlace, entries: Entries): Promise<void> {
  const age = await import('age-encryption')
  if (!existsSync(place.identity)) {
    mkdirSync(dirname(place.identity), { recursive: true, mode: 0o700 })
    writeFileSync(place.identity, `${await age.generateX25519Identity()}\n`, { mode: 0o600, flag: 'wx' })
  }
  const encrypter = new age.Encrypter()
  for (const to of [await age.identityToRecipient(readIdentity(place)), ...place.recipients])
    encrypter.addRecipient(to)
  const sorted = Object.fromEntries(Object.entries(entries).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  const text = age.armor.encode(await encrypter.encrypt(JSON.stringify(sorted)))
  mkdirSync(dirname(place.file), { recursive: true })
  const part = `${place.file}.${process.pid}.part`
  writeFileSync(part, `${text}\n`, { mode: 0o600 })
  renameSync(part, place.file)
}

function readIdentity({ identity, file }: VaultPlace): string {
  try {
    const found = /^AGE-SECRET-KEY-(PQ-)?1\S+$/m.exec(readFileSync(identity, 'utf8'))
    if (found) return found[0]
  } catch {
    // Said below: a file that is not there and one without a key need the same.
  }
  throw new InputError({
    what: `there is no age identity in ${identity}, which opens ${file}`,
    next: 'bring the key of whoever made the secrets, and name it: secrets.identity in the inventory, or PROVISION_AGE_KEY_FILE',
  })
}
