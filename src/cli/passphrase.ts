import type { AskPassphrase } from '../transport/login.ts'
import { askHidden } from './ask.ts'

/**
 * Asks on the terminal, without an echo, once for each key file; `makeRoom` before: whatever draws on it would hide the question.
 * Undefined where there is no terminal.
 */
export function askPassphrase(makeRoom: () => Promise<void>): AskPassphrase | undefined {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined
  const known = new Map<string, Promise<string>>()
  // One question at a time: several hosts may need several keys at once.
  let turn: Promise<unknown> = Promise.resolve()
  return (file) => {
    const answer = known.get(file) ?? turn.then(makeRoom).then(() => askHidden(`Passphrase of ${file}: `))
    known.set(file, answer)
    turn = answer.catch(() => {})
    return answer
  }
}
