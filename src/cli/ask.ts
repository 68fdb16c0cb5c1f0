import { createInterface } from 'node:readline/promises'

/** Puts a question on the terminal; gives the answer without blanks around it. */
export async function ask(question: string, output: NodeJS.WritableStream = process.stderr): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output })
  const answer = await terminal.question(question)
  terminal.close()
  return answer.trim()
}

/** Whatever is no clear yes is a no. */
export async function askYes(question: string, output?: NodeJS.WritableStream): Promise<boolean> {
  return /^y(es)?$/i.test(await ask(`${question} [y/N] `, output))
}
