import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { interruptible } from './interrupts.ts'

/**
 * Puts a question on the terminal; gives the answer without blanks around it. A terminal that ends (Ctrl-D) answers nothing.
 * Throws InterruptedError at Ctrl-C, SIGTERM and SIGHUP.
 */
export async function ask(question: string, output: NodeJS.WritableStream = process.stderr): Promise<string> {
  return (await read(question, output)).trim()
}

/** The same without an echo, and with the blanks: a passphrase. */
export async function askHidden(question: string): Promise<string> {
  process.stderr.write(question)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  try {
    return await read('', silent)
  } finally {
    process.stderr.write('\n')
  }
}

/** Whatever is no clear yes is a no. */
export async function askYes(question: string, output?: NodeJS.WritableStream): Promise<boolean> {
  return /^y(es)?$/i.test(await ask(`${question} [y/N] `, output))
}

function read(question: string, output: NodeJS.WritableStream): Promise<string> {
  return interruptible(async (signal, onCtrlC) => {
    const terminal = createInterface({ input: process.stdin, output, terminal: true })
    terminal.on('SIGINT', onCtrlC)
    const ended = new Promise<string>((resolve) => terminal.on('close', () => resolve('')))
    try {
      return await Promise.race([terminal.question(question, { signal }), ended])
    } finally {
      terminal.close()
    }
  })
}
