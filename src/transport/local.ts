import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { $, quote } from 'zx'
import { CommandError, ConnectError, lastLines } from '../errors.ts'
import type { Host } from '../model/host.ts'
import { type Output, outputOf } from '../model/probe.ts'
import type { ExecOptions, Transport } from '../model/transport.ts'
import { type Script, sh } from '../shell/sh.ts'
import { becomeCommand, becomeInput, becomeStream, mustBeTaken } from './become.ts'
import { inC } from './locale.ts'
import { isAdmitted, oneAttempt } from './one-attempt.ts'

const defaultExecMs = 60_000

/** This machine itself (`connection: { transport: local }`): the same scripts, by `sh`, without SSH. */
export function connectLocal(host: Host): Transport {
  // We may have come to this machine by SSH ourselves: that is not the connection of this run.
  const env = { ...process.env, SSH_CONNECTION: '' }
  const shell = $({
    shell: '/bin/sh',
    prefix: '',
    postfix: '',
    quote,
    quiet: true,
    nothrow: true,
    env,
  })
  becomeInput(host)
  const exec = (script: Script, { timeoutMs = defaultExecMs }: ExecOptions = {}): Promise<Output> =>
    oneAttempt(host, async () => {
      const started = performance.now()
      // timeout(1) ends the whole process group.
      const child = spawn('timeout', ['-s', 'KILL', `${timeoutMs / 1000}`, 'sh', '-c', becomeCommand(host)], {
        env,
      })
      const stdout: Buffer[] = []
      const stderr: Buffer[] = []
      child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
      child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
      // A shell that ends before it has read all of the script says so by its exit code.
      child.stdin.on('error', () => undefined)
      child.stdin.end(becomeInput(host) + inC(script).text)
      const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
      const isLate = performance.now() - started >= timeoutMs
      if (code === null || isLate)
        throw new CommandError({
          host: host.name,
          what: isLate
            ? `a script did not end within ${timeoutMs / 1000} s`
            : `a script was ended by ${signal}`,
          why: lastLines(script.shown, 6),
        })
      const output = outputOf(code, Buffer.concat(stdout), Buffer.concat(stderr))
      mustBeTaken(host, output.stderr)
      return output
    })
  return {
    host,
    exec,
    async pipe(script: Script, input?: Readable) {
      if (!(await isAdmitted(host))) await exec(sh`:`)
      const child = spawn('/bin/sh', ['-c', becomeStream(host, inC(script))])
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
    hold: (script: Script) =>
      oneAttempt(host, async () => {
        const running = shell`sh -c ${becomeCommand(host)}`
        running.stdin.write(`${becomeInput(host)}${inC(script).text}\n`)
        for await (const line of running)
          return {
            line,
            release: async () => {
              running.stdin.end()
              await running
            },
          }
        mustBeTaken(host, (await running).stderr)
        throw new ConnectError({ host: host.name, what: 'a held script ended at once' })
      }),
    async [Symbol.asyncDispose]() {},
  }
}
