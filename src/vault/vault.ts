import { randomBytes, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { InputError } from '../errors.ts'
import type { Host } from '../model/host.ts'
import type { Identity, SecretSpec } from '../model/vault.ts'
import { Secret } from '../secret/secret.ts'
import type { Pair } from './pki.ts'
import { type Entries, readVault, type VaultPlace, writeVault } from './store.ts'

/** A certificate with fewer days left is renewed by the next run. */
export const renewalDays = 30

/** Entry with the key of digests that are shown: all who open the secrets make the same ones. */
export const digestKeyName = 'digest-key'

/** A secret that a role needs on a host. */
export interface Need {
  readonly host: Host
  readonly spec: SecretSpec
  /** Shared vars of the role on that host: they say which names a certificate is for. */
  readonly shared: Readonly<Record<string, unknown>>
}

export interface Vault {
  /** What was generated or renewed for this run. */
  readonly made: readonly string[]
  readonly digestKey: string
  answer(need: Need): Secret | Identity
}

/** Opens the secrets of an inventory; what is missing, or near its end, is made and saved before anything else happens. */
export async function openVault(place: VaultPlace, needs: readonly Need[], now = Date.now()): Promise<Vault> {
  const entries = await readVault(place)
  const made: string[] = []
  // Many roles need the same: each is looked at once.
  const needed = new Map(needs.map((need) => [JSON.stringify([keyOf(need), namesOf(need)]), need]))
  for (const need of needed.values()) await complete(entries, need, made, now)
  const digestKey = entries[digestKeyName] ?? newPassword()
  const isNew = entries[digestKeyName] === undefined
  if (made.length > 0 || isNew) await writeVault(place, { ...entries, [digestKeyName]: digestKey })
  return { made, digestKey, answer: (need) => answer(entries, need) }
}

async function complete(entries: Entries, need: Need, made: string[], now: number): Promise<void> {
  const { spec } = need
  if (spec.type === 'given') {
    if (entries[spec.name] !== undefined) return
    throw new InputError({
      what: `the secret ${spec.name} is not there: ${spec.what}`,
      next: `provision secrets set ${spec.name}`,
    })
  }
  if (spec.type === 'password') {
    if (entries[spec.name] !== undefined) return
    entries[spec.name] = newPassword()
    made.push(spec.name)
    return
  }
  const names = namesOf(need)
  const own = entries[keyOf(need)]
  const authority = entries['tls/ca']
  if (own && authority && isGood(parsePair(own), parsePair(authority), names, now)) return
  // Loaded only where something is signed: it takes longer than all the rest of a converged run's set-up.
  const { newAuthority, newCertificate } = await import('./pki.ts')
  if (!authority) {
    entries['tls/ca'] = JSON.stringify(await newAuthority('provision authority'))
    made.push('tls/ca')
  }
  const pair = await newCertificate(parsePair(entries['tls/ca'] ?? ''), names)
  entries[keyOf(need)] = JSON.stringify(pair)
  made.push(keyOf(need))
}

function answer(entries: Entries, { host, spec }: Need): Secret | Identity {
  if (spec.type !== 'identity') return new Secret(spec.name, entries[spec.name] ?? '')
  const name = keyOf({ host, spec, shared: {} })
  const { key, certificate } = parsePair(entries[name] ?? '')
  return {
    key: new Secret(`${name} key`, key),
    certificate,
    authority: parsePair(entries['tls/ca'] ?? '').certificate,
  }
}

/** 32 letters and digits carry 190 bits; no character of theirs is special in a shell, a URL or a configuration file. */
export function newPassword(): string {
  let text = ''
  while (text.length < 32) text += randomBytes(48).toString('base64').replaceAll(/[+/=]/g, '')
  return text.slice(0, 32)
}

/** Under what name it is kept. */
function keyOf({ host, spec }: Need): string {
  return spec.type === 'identity' ? `tls/${host.name}` : spec.name
}

/** Every name and address under which the host is spoken to. */
function namesOf({ host, spec, shared }: Need): readonly string[] {
  const more = spec.type === 'identity' ? spec.names(shared, host) : []
  return [...new Set([host.name, 'localhost', host.address, '127.0.0.1', '::1', ...more])]
}

function isGood(own: Pair, authority: Pair, names: readonly string[], now: number): boolean {
  const certificate = new X509Certificate(own.certificate)
  const signer = new X509Certificate(authority.certificate)
  const left = certificate.validToDate.getTime() - now
  return (
    left > renewalDays * 24 * 60 * 60 * 1000 &&
    certificate.verify(signer.publicKey) &&
    names.every((name) => (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)))
  )
}

function parsePair(text: string): Pair {
  return JSON.parse(text) as Pair
}
