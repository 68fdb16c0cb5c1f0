import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { $, quote } from 'zx'
import { CommandError, ConnectError, lastLines } from '../errors.ts'
import type { Host } from '../model/host.ts'
import type { Output } from '../model/probe.ts'
import type { ExecOptions, Transport } from '../model/transport.ts'
import type { Script } from '../shell/sh.ts'
import { becomeCommand, becomeInput, becomeStream } from './become.ts'

const defaultExecMs = 60_000

/** This machine itself (`connection: { transport: local }`): the same scripts, by `sh`, without SSH. */
export function connectLocal(host: Host): Transport {
  const shell = $({
    shell: '/bin/sh',
    prefix: '',
    postfix: '',
    quote,
    quiet: true,
    nothrow: true,
    // We may have come to this machine by SSH ourselves: that is not the connection of this run.
    env: { ...process.env, SSH_CONNECTION: '' },
  })
  return {
    host,
    async exec(script: Script, { timeoutMs = defaultExecMs }: ExecOptions = {}): Promise<Output> {
      const started = performance.now()
      // timeout(1) ends the whole process group; what zx does instead asks ps(1) for the tree.
      const done = await shell({
        input: becomeInput(host) + script.text,
      })`timeout -s KILL ${timeoutMs / 1000} sh -c ${becomeCommand(host)}`
      const isLate = performance.now() - started >= timeoutMs
      if (done.exitCode === null || isLate)
        throw new CommandError({
          host: host.name,
          what: isLate
            ? `a script did not end within ${timeoutMs / 1000} s`
            : `a script was ended by ${done.signal}`,
          why: lastLines(script.shown, 6),
        })
      return { code: done.exitCode, stdout: done.stdout, stderr: done.stderr }
    },
    async pipe(script: Script, input?: Readable) {
      const child = spawn('/bin/sh', ['-c', becomeStream(host, script)])
      const stderr: Buffer[] = []
      child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
      const done = once(child, 'close').then(([code]) => ({
        code: typeof code === 'number' ? code : 255,
        stdout: '',
        stderr: Buffer.concat(stderr).toString(),
      }))
      child.stdin.write(becomeInput(host))
      if (input) input.pipe(child.stdin)
      else child.stdin.end()
      return { output: child.stdout, done }
    },
    fresh: async () => connectLocal(host),
    async hold(script: Script) {
      const running = shell`sh -c ${becomeCommand(host)}`
      running.stdin.write(`${becomeInput(host)}${script.text}\n`)
      for await (const line of running)
        return {
          line,
          release: async () => {
            running.stdin.end()
            await running
          },
        }
      throw new ConnectError({ host: host.name, what: 'a held script ended at once' })
    },
    async [Symbol.asyncDispose]() {},
  }
}
