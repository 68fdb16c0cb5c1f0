import type { Duplex } from 'node:stream'
import { NodeSSH } from 'node-ssh'
import type { ConnectConfig } from 'ssh2'
import { ConnectError, ProvisionError } from '../errors.ts'
import type { Host } from '../model/host.ts'
import { fingerprint, judge, keyType, type Verdict } from './host-keys.ts'
import { type AskPassphrase, login, userOf } from './login.ts'
import { recordKey } from './record-key.ts'
import { openSocket } from './socket.ts'

export interface SshOptions {
  /** Take an unknown host key as it is, record it, and say so. A changed or revoked key is refused all the same. */
  readonly acceptNewHostKeys?: boolean
  /** Gets what somebody should know of a connection that is opened all the same. */
  readonly tell?: (text: string) => void
  readonly askPassphrase?: AskPassphrase
  /** The way to a host that has jump hosts before it. */
  readonly via?: (host: Host) => Promise<Duplex>
}

/**
 * Opens one SSH connection, over `stream` where one is given. Throws ConnectError with what to do next:
 * unreachable, unknown or changed key, refused login.
 */
export async function openClient(host: Host, options: SshOptions, stream?: Duplex): Promise<NodeSSH> {
  const started = performance.now()
  const verdict = judge(host)
  const limitMs = host.connection.connectTimeoutSeconds * 1000
  const sock = stream ?? (await openSocket(host, limitMs))
  const ssh = new NodeSSH()
  let seen: { key: Buffer; as: Verdict } | undefined
  let stopped: Error | undefined
  const askPassphrase = options.askPassphrase ?? nobodyToAsk(host)
  const clock = startClock(Math.max(1000, limitMs - (performance.now() - started)))
  const config: ConnectConfig = {
    sock,
    username: userOf(host),
    // Our own clock below: it stands still while somebody types.
    readyTimeout: 0,
    authHandler: login(host, clock.pausedFor(askPassphrase), (error) => {
      stopped = error
    }),
    // Native crypto first: ssh2 runs AES-GCM in OpenSSL, ChaCha20-Poly1305 in JavaScript.
    algorithms: { cipher: { prepend: ['aes128-gcm@openssh.com'], append: [], remove: [] } },
    hostVerifier: (key: Buffer) => {
      seen = { key, as: verdict(key) }
      return seen.as === 'known' || (seen.as === 'unknown' && options.acceptNewHostKeys === true)
    },
    keepaliveInterval: 15_000,
  } as ConnectConfig
  try {
    const connected = ssh.connect(config as Parameters<NodeSSH['connect']>[0])
    // Where time is up before it, its own end concerns nobody any more.
    connected.catch(() => undefined)
    await Promise.race([connected, clock.expired])
    takeNew(host, seen, options)
  } catch (cause) {
    // Who refuses our login has proved before that the key is its own.
    if (isRefusedLogin(cause)) takeNew(host, seen, options)
    sock.destroy()
    ssh.dispose()
    if (stopped instanceof ProvisionError) throw stopped
    throw refusal(host, seen, cause)
  } finally {
    clock.stop()
  }
  return ssh
}

/** The time that a handshake may take, without what somebody needs to type a passphrase. */
function startClock(limitMs: number) {
  const { promise: expired, reject } = Promise.withResolvers<never>()
  expired.catch(() => undefined)
  let timer: NodeJS.Timeout | undefined
  const stop = () => clearTimeout(timer)
  const go = () => {
    stop()
    timer = setTimeout(() => reject(new Error('Timed out while waiting for handshake')), limitMs)
  }
  go()
  return {
    expired,
    stop,
    pausedFor:
      (ask: AskPassphrase): AskPassphrase =>
      async (file) => {
        stop()
        try {
          return await ask(file)
        } finally {
          go()
        }
      },
  }
}

/** An unknown key that was taken is written down: only then is a changed one noticed the next time. */
function takeNew(
  host: Host,
  seen: { readonly key: Buffer; readonly as: Verdict } | undefined,
  { tell = () => {} }: SshOptions,
): void {
  // Another connection of this run may have written it meanwhile.
  if (seen?.as !== 'unknown' || judge(host)(seen.key) !== 'unknown') return
  const shown = `${host.name}  the host key ${keyType(seen.key)} ${fingerprint(seen.key)} is taken as it is`
  try {
    tell(`${shown}; written to ${recordKey(host, seen.key)}`)
  } catch (error) {
    tell(`${shown}, and could not be written down: ${(error as Error).message}`)
  }
}

function isRefusedLogin(cause: unknown): boolean {
  return (cause as { readonly level?: string }).level === 'client-authentication'
}

/** The key that a host shows, whether it is known or not. Throws ConnectError where none is shown. */
export async function shownKey(host: Host, stream?: Duplex): Promise<Buffer> {
  const limitMs = host.connection.connectTimeoutSeconds * 1000
  const sock = stream ?? (await openSocket(host, limitMs))
  const ssh = new NodeSSH()
  let shown: Buffer | undefined
  try {
    await ssh.connect({
      sock,
      username: userOf(host),
      readyTimeout: limitMs,
      // Seen is enough: nobody logs in to a host whose key is still to be judged.
      hostVerifier: (key: Buffer) => {
        shown = key
        return false
      },
    } as ConnectConfig as Parameters<NodeSSH['connect']>[0])
  } catch (cause) {
    if (!shown) throw refusal(host, undefined, cause)
  } finally {
    sock.destroy()
    ssh.dispose()
  }
  if (!shown) throw new ConnectError({ host: host.name, what: 'it showed no host key' })
  return shown
}

function nobodyToAsk(host: Host): AskPassphrase {
  return async (file) => {
    throw new ConnectError({
      host: host.name,
      what: `the private key ${file} is encrypted, and nobody can be asked for its passphrase`,
      next: `hand it to an agent first: ssh-add ${file}`,
    })
  }
}

function refusal(host: Host, seen: { key: Buffer; as: Verdict } | undefined, cause: unknown): ConnectError {
  const why = cause instanceof Error ? cause.message : String(cause)
  if (seen?.as === 'revoked')
    return new ConnectError({
      host: host.name,
      what: `the host key is REVOKED: ${keyType(seen.key)} ${fingerprint(seen.key)}`,
      why: 'a known_hosts file (@revoked) or RevokedHostKeys of the ssh_config says so: somebody else may have this key',
      next: 'give the host new keys (ssh-keygen -A, after the old ones were deleted); the mark must stay',
      cause,
    })
  if (seen?.as === 'changed')
    return new ConnectError({
      host: host.name,
      what: `the host key has CHANGED: it now shows ${keyType(seen.key)} ${fingerprint(seen.key)}`,
      why: 'either the machine was replaced or reinstalled, or someone is in between',
      next: `compare the fingerprint on the host's console (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub); then replace the old key (ssh-keygen -R ${host.address}, or connection.hostKeys in the inventory)`,
      cause,
    })
  if (seen?.as === 'unknown')
    return new ConnectError({
      host: host.name,
      what: `the host key is unknown: ${keyType(seen.key)} ${fingerprint(seen.key)}`,
      next: 'pin it in the inventory (connection.hostKeys), or run once with --accept-new-host-keys, which writes it to known_hosts',
      cause,
    })
  if (/authentication/i.test(why))
    return new ConnectError({
      host: host.name,
      what: `login as ${userOf(host)} was refused: ${why}`,
      why: host.connection.key
        ? `offered the key ${host.connection.key}`
        : 'offered the agent and the default keys',
      next: "is the public key in the user's authorized_keys, and connection.user right?",
      cause,
    })
  return new ConnectError({ host: host.name, what: `SSH failed: ${why}`, cause })
}
