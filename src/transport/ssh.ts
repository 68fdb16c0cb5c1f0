import { existsSync, readFileSync } from 'node:fs'
import { connect as connectSocket, type Socket } from 'node:net'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import { NodeSSH } from 'node-ssh'
import type { ClientChannel, ConnectConfig } from 'ssh2'
import { CommandError, ConnectError, lastLines } from '../errors.ts'
import type { Host } from '../model/host.ts'
import type { Output } from '../model/probe.ts'
import type { ExecOptions, Transport } from '../model/transport.ts'
import type { Script } from '../shell/sh.ts'
import { becomeCommand, becomeInput } from './become.ts'
import { fingerprint, keyType, verdict } from './host-keys.ts'

const defaultExecMs = 60_000

export interface SshOptions {
  /** Take an unknown host key as it is, and say so. A changed key is refused all the same. */
  readonly acceptNewHostKeys?: boolean
  readonly passphrase?: string
}

/** Opens one SSH connection. Throws ConnectError with what to do next: unreachable, unknown or changed key, refused login. */
export async function connectSsh(host: Host, options: SshOptions = {}): Promise<Transport> {
  const started = performance.now()
  const { connection } = host
  const limitMs = connection.connectTimeoutSeconds * 1000
  const socket = await openSocket(host, limitMs)
  const ssh = new NodeSSH()
  let seen: { key: Buffer; as: ReturnType<typeof verdict> } | undefined
  const config: ConnectConfig = {
    sock: socket,
    username: connection.user ?? userInfo().username,
    readyTimeout: Math.max(1000, limitMs - (performance.now() - started)),
    // One question instead of three: ssh2 would first ask `none`, which costs a round trip (116 → 52 ms, measured).
    authHandler: authMethods(host, options),
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
    socket.destroy()
    ssh.dispose()
    throw refusal(host, seen, cause)
  }
  return new SshTransport(host, ssh, options)
}

class SshTransport implements Transport {
  readonly host: Host
  readonly #ssh: NodeSSH
  readonly #options: SshOptions

  constructor(host: Host, ssh: NodeSSH, options: SshOptions) {
    this.host = host
    this.#ssh = ssh
    this.#options = options
  }

  async exec(script: Script, { timeoutMs = defaultExecMs }: ExecOptions = {}): Promise<Output> {
    const channel = await this.#open()
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    channel.on('data', (chunk: Buffer) => stdout.push(chunk))
    channel.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    const { promise, resolve, reject } = Promise.withResolvers<Output>()
    const timer = setTimeout(() => {
      channel.destroy()
      reject(
        new CommandError({
          host: this.host.name,
          what: `a remote script did not end within ${timeoutMs / 1000} s`,
          why: lastLines(script.shown, 6),
          next: 'look at the host: is a disk, a lock or a process hanging?',
        }),
      )
    }, timeoutMs)
    channel.on('close', (code: number | null | undefined, signal?: string) => {
      clearTimeout(timer)
      if (code === undefined || code === null) {
        const why = signal
          ? `the remote shell was ended by ${signal}`
          : 'the connection was lost while a script ran'
        reject(
          new ConnectError({
            host: this.host.name,
            what: why,
            why: lastLines(Buffer.concat(stderr).toString()),
          }),
        )
      } else {
        resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() })
      }
    })
    channel.end(becomeInput(this.host) + script.text)
    return promise
  }

  fresh(): Promise<Transport> {
    return connectSsh(this.host, this.#options)
  }

  async hold(script: Script): Promise<{ line: string; release(): Promise<void> }> {
    const channel = await this.#open()
    const closed = new Promise<void>((resolve) => channel.on('close', () => resolve()))
    const line = new Promise<string>((resolve, reject) => {
      let text = ''
      channel.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')))
      })
      channel.on('close', () =>
        reject(new ConnectError({ host: this.host.name, what: 'a held script ended at once' })),
      )
    })
    channel.write(`${becomeInput(this.host)}${script.text}\n`)
    return {
      line: await line,
      release: async () => {
        channel.end()
        await closed
      },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ssh.dispose()
  }

  #open(): Promise<ClientChannel> {
    const client = this.#ssh.connection
    if (!client) throw new ConnectError({ host: this.host.name, what: 'the connection is closed' })
    return new Promise((resolve, reject) => {
      client.exec(becomeCommand(this.host), (error, channel) => {
        if (error)
          reject(
            new ConnectError({ host: this.host.name, what: `no channel: ${error.message}`, cause: error }),
          )
        else resolve(channel)
      })
    })
  }
}

/** Our own socket, because ssh2's leaves Nagle on: 40 ms an exec against delayed ACKs (50 → 4.4 ms, measured). */
function openSocket(host: Host, timeoutMs: number): Promise<Socket> {
  const { socket: path, port = 22 } = host.connection
  const target = path ?? `${host.address}:${port}`
  return new Promise((resolve, reject) => {
    const socket = path ? connectSocket(path) : connectSocket({ host: host.address, port })
    socket.setNoDelay(true)
    const fail = (why: string) => {
      socket.destroy()
      reject(
        new ConnectError({
          host: host.name,
          what: `cannot reach ${target}: ${why}`,
          next: 'is the host up, its address and port right in the inventory, and no firewall between?',
        }),
      )
    }
    const timer = setTimeout(() => fail(`no answer in ${timeoutMs / 1000} s`), timeoutMs)
    socket.once('error', (error) => {
      clearTimeout(timer)
      fail(error.message)
    })
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.removeAllListeners('error')
      resolve(socket)
    })
  })
}

function authMethods(host: Host, options: SshOptions): ConnectConfig['authHandler'] {
  const username = host.connection.user ?? userInfo().username
  const files = host.connection.key
    ? [host.connection.key]
    : ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => join(homedir(), '.ssh', name)).filter(existsSync)
  const passphrase = options.passphrase === undefined ? {} : { passphrase: options.passphrase }
  const keys = files.map((file) => ({
    type: 'publickey' as const,
    username,
    key: readKey(host, file),
    ...passphrase,
  }))
  const agent = process.env.SSH_AUTH_SOCK
  const agents = agent && !host.connection.key ? [{ type: 'agent' as const, username, agent }] : []
  return [...agents, ...keys]
}

function readKey(host: Host, file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new ConnectError({ host: host.name, what: `cannot read the private key ${file}`, cause })
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
      what: `login as ${host.connection.user ?? userInfo().username} was refused: ${why}`,
      why: host.connection.key
        ? `offered the key ${host.connection.key}`
        : 'offered the agent and the default keys',
      next: "is the public key in the user's authorized_keys, and connection.user right?",
      cause,
    })
  return new ConnectError({ host: host.name, what: `SSH failed: ${why}`, cause })
}
