import type { Readable } from 'node:stream'
import type { NodeSSH } from 'node-ssh'
import type { ClientChannel } from 'ssh2'
import { CommandError, ConnectError, lastLines } from '../errors.ts'
import type { Host } from '../model/host.ts'
import { type Output, outputOf } from '../model/probe.ts'
import type { ExecOptions, Pipe, Transport } from '../model/transport.ts'
import { type Script, sh } from '../shell/sh.ts'
import { becomeCommand, becomeInput, becomeStream, mustBeTaken } from './become.ts'
import { openClient, type SshOptions } from './client.ts'
import { inC } from './locale.ts'
import { isAdmitted, oneAttempt } from './one-attempt.ts'

const defaultExecMs = 60_000

/** Opens one SSH connection, through its jump hosts. Throws ConnectError with what to do next. */
export async function connectSsh(host: Host, options: SshOptions = {}): Promise<Transport> {
  // What is wrong with the password's file is told before anything is connected to.
  becomeInput(host)
  const stream = host.connection.jump ? await options.via?.(host) : undefined
  return new SshTransport(host, await openClient(host, options, stream), options)
}

class SshTransport implements Transport {
  readonly host: Host
  readonly #ssh: NodeSSH
  readonly #options: SshOptions
  /** Comes true with the error that ended the connection: a host that hangs shows it only by not answering. */
  readonly #lost: Promise<ConnectError>
  #isEnded = false

  constructor(host: Host, ssh: NodeSSH, options: SshOptions) {
    this.host = host
    this.#ssh = ssh
    this.#options = options
    ssh.connection?.on('close', () => {
      this.#isEnded = true
    })
    this.#lost = new Promise((resolve) => {
      ssh.connection?.on('error', (cause: Error) =>
        resolve(
          new ConnectError({ host: host.name, what: `the connection was lost: ${cause.message}`, cause }),
        ),
      )
    })
  }

  exec(script: Script, options: ExecOptions = {}): Promise<Output> {
    return oneAttempt(this.host, () => this.#exec(script, options))
  }

  async #exec(script: Script, { timeoutMs = defaultExecMs }: ExecOptions): Promise<Output> {
    const input = becomeInput(this.host) + inC(script).text
    const { promise, resolve, reject } = Promise.withResolvers<Output>()
    let channel: ClientChannel | undefined
    // From before the channel is asked for: a host that hangs does not even answer that.
    const timer = setTimeout(() => {
      channel?.destroy()
      reject(
        new CommandError({
          host: this.host.name,
          what: `a remote script did not end within ${timeoutMs / 1000} s`,
          why: lastLines(script.shown, 6),
          next: 'look at the host: is a disk, a lock or a process hanging?',
        }),
      )
    }, timeoutMs)
    this.#lost.then(reject)
    this.#open().then((opened) => {
      channel = opened
      collect(opened, this.host)
        .then((output) => {
          mustBeTaken(this.host, output.stderr)
          return output
        })
        .then(resolve, reject)
      opened.end(input)
    }, reject)
    return promise.finally(() => clearTimeout(timer))
  }

  async pipe(script: Script, input?: Readable): Promise<Pipe> {
    // A stream has begun before its end is known: whether sudo takes the password is asked before.
    if (!(await isAdmitted(this.host))) await this.exec(sh`:`)
    const password = becomeInput(this.host)
    const channel = await this.#open(becomeStream(this.host, inC(script)))
    const stderr: Buffer[] = []
    channel.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    const done = new Promise<Output>((resolve, reject) => {
      this.#lost.then(reject)
      channel.on('close', (code?: number | null) =>
        resolve({ code: code ?? 255, stdout: '', stderr: Buffer.concat(stderr).toString() }),
      )
    })
    channel.write(password)
    if (input) input.pipe(channel)
    else channel.end()
    return { output: channel, done }
  }

  fresh(): Promise<Transport> {
    return connectSsh(this.host, this.#options)
  }

  hold(script: Script): Promise<{ line: string; release(): Promise<void> }> {
    return oneAttempt(this.host, () => this.#hold(script))
  }

  async #hold(script: Script): Promise<{ line: string; release(): Promise<void> }> {
    const password = becomeInput(this.host)
    const channel = await this.#open()
    const closed = new Promise<void>((resolve) => channel.on('close', () => resolve()))
    let stderr = ''
    channel.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
    })
    const line = new Promise<string>((resolve, reject) => {
      let text = ''
      channel.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')))
      })
      channel.on('close', () => {
        try {
          mustBeTaken(this.host, stderr)
          reject(
            new ConnectError({
              host: this.host.name,
              what: 'a held script ended at once',
              why: lastLines(stderr) || undefined,
            }),
          )
        } catch (error) {
          reject(error)
        }
      })
    })
    channel.write(`${password}${inC(script).text}\n`)
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

  /** A closed connection is a rejection like any other: a throw would leave the caller's timer to go off alone. */
  async #open(command = becomeCommand(this.host)): Promise<ClientChannel> {
    const client = this.#ssh.connection
    if (!client) throw new ConnectError({ host: this.host.name, what: 'the connection is closed' })
    const { promise, resolve, reject } = Promise.withResolvers<ClientChannel>()
    try {
      client.exec(command, (error, channel) => {
        if (error) reject(error)
        else resolve(channel)
      })
      return await promise
    } catch (error) {
      const cause = error as Error
      // Of a connection that ends ssh2 says, by how far it came: Not connected, No response from server, Unable to exec.
      const isLost = this.#isEnded || cause.message === 'Not connected'
      const why = isLost ? 'the connection was lost' : 'no channel'
      throw new ConnectError({ host: this.host.name, what: `${why}: ${cause.message}`, cause })
    }
  }
}

/** All that a finished script said. */
function collect(channel: ClientChannel, host: Host): Promise<Output> {
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  channel.on('data', (chunk: Buffer) => stdout.push(chunk))
  channel.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  return new Promise((resolve, reject) => {
    channel.on('close', (code: number | null | undefined, signal?: string) => {
      if (code !== undefined && code !== null)
        return resolve(outputOf(code, Buffer.concat(stdout), Buffer.concat(stderr)))
      const what = signal
        ? `the remote shell was ended by ${signal}`
        : 'the connection was lost while a script ran'
      reject(new ConnectError({ host: host.name, what, why: lastLines(Buffer.concat(stderr).toString()) }))
    })
  })
}
