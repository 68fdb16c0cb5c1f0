import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { InterruptedError } from '../errors.ts'
import type { AskPassphrase } from '../transport/login.ts'

/** Asks on the terminal, without an echo, once for each key file. Undefined where there is no terminal. */
export function askPassphrase(): AskPassphrase | undefined {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined
  const known = new Map<string, Promise<string>>()
  // One question at a time: several hosts may need several keys at once.
  let turn: Promise<unknown> = Promise.resolve()
  return (file) => {
    const answer = known.get(file) ?? turn.then(() => askHidden(`Passphrase of ${file}: `))
    known.set(file, answer)
    turn = answer.catch(() => {})
    return answer
  }
}

/** What is typed is not shown. Throws InterruptedError where no answer comes (Ctrl-C, Ctrl-D). */
export async function askHidden(question: string): Promise<string> {
  process.stderr.write(question)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true })
  try {
    const ended = new Promise<never>((_, reject) => {
      terminal.once('close', () => reject(new InterruptedError({ what: 'no answer was given' })))
    })
    return await Promise.race([terminal.question(''), ended])
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError')
      throw new InterruptedError({ what: 'no answer was given' })
    throw error
  } finally {
    terminal.close()
    process.stderr.write('\n')
  }
}
