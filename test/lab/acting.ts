import { expect } from 'vitest'
import type { RunEntry } from '../../src/report/runs-of.ts'
import { good, labInventory, provision, type Run } from './cli.ts'
import { type Outcome, Writer } from './client.ts'

/** A command on the lab's cluster, as an operator gives it who asks no questions back. */
export function act(words: readonly string[], options: Parameters<typeof provision>[1] = {}): Promise<Run> {
  return provision([...words, ...labInventory, '--yes', '--output', 'plain'], options)
}

/** The same, where it must succeed; gives what it said. */
export const done = (...words: readonly string[]): Promise<string> => good(act(words))

/** What a writer noticed while something was done; nothing may be lost. */
export async function outageOf(work: () => Promise<unknown>): Promise<Outcome> {
  const writer = await Writer.start()
  try {
    await work()
    await writer.untilCalm()
    const outcome = await writer.stop()
    expect(outcome.lost).toEqual([])
    return outcome
  } catch (error) {
    writer.kill()
    throw error
  }
}

/** What the hosts know of runs. */
export async function runs(inventory: readonly string[] = labInventory): Promise<readonly RunEntry[]> {
  return JSON.parse((await provision(['runs', ...inventory, '--output', 'json'])).stdout) as RunEntry[]
}
