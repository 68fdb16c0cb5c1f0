import type { Duplex } from 'node:stream'
import { NodeSSH } from 'node-ssh'
import type { ConnectConfig } from 'ssh2'
import { ConnectError, ProvisionError } from '../errors.ts'
import type { Host } from '../model/host.ts'
import { fingerprint, keyType, verdict } from './host-keys.ts'
import { type AskPassphrase, login, userOf } from './login.ts'
import { openSocket } from './socket.ts'

export interface SshOptions {
  /** Take an unknown host key as it is, and say so. A changed key is refused all the same. */
  readonly acceptNewHostKeys?: boolean
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
  const limitMs = host.connection.connectTimeoutSeconds * 1000
  const sock = stream ?? (await openSocket(host, limitMs))
  const ssh = new NodeSSH()
  let seen: { key: Buffer; as: ReturnType<typeof verdict> } | undefined
  let stopped: Error | undefined
  const askPassphrase = options.askPassphrase ?? nobodyToAsk(host)
  const config: ConnectConfig = {
    sock,
    username: userOf(host),
    readyTimeout: Math.max(1000, limitMs - (performance.now() - started)),
    authHandler: login(host, askPassphrase, (error) => {
      stopped = error
    }),
    // Native crypto first: ssh2 runs AES-GCM in OpenSSL, ChaCha20-Poly1305 in JavaScript.
    algorithms: { cipher: { prepend: ['aes128-gcm@openssh.com'], append: [], remove: [] } },
    hostVerifier: (key: Buffer) => {
      seen = { key, as: verdict(host, key) }
      return seen.as === 'known' || (seen.as === 'unknown' && options.acceptNewHostKeys === true)
    },
    keepaliveInterval: 15_000,
  } as ConnectConfig
  try {
    await ssh.connect(config as Parameters<NodeSSH['connect']>[0])
  } catch (cause) {
    sock.destroy()
    ssh.dispose()
    if (stopped instanceof ProvisionError) throw stopped
    throw refusal(host, seen, cause)
  }
  return ssh
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

function refusal(
  host: Host,
  seen: { key: Buffer; as: ReturnType<typeof verdict> } | undefined,
  cause: unknown,
): ConnectError {
  const why = cause instanceof Error ? cause.message : String(cause)
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
      next: 'pin it in the inventory (connection.hostKeys), or run once with --accept-new-host-keys',
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
