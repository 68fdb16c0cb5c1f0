import type { Host } from '../model/host.ts'
import { asksForPassword, PasswordRefused } from './become.ts'

/** By host: comes true once its sudo has taken the password, false where that is not known yet; rejects once it was refused. */
const answers = new Map<string, Promise<boolean>>()

/**
 * Runs `work`, which gives the host's sudo its password. Until the first of all connections of this process to a host has
 * its answer the others wait; after a refusal all of them fail with it, and sudo is not asked again.
 */
export async function oneAttempt<T>(host: Host, work: () => Promise<T>): Promise<T> {
  if (!asksForPassword(host)) return work()
  for (let answer = answers.get(host.name); answer; answer = answers.get(host.name))
    if (await answer) return refusedForAll(host, work)
  const { promise, resolve } = Promise.withResolvers<boolean>()
  answers.set(host.name, promise)
  try {
    const result = await refusedForAll(host, work)
    resolve(true)
    return result
  } catch (error) {
    // A connection that broke has not told what sudo thinks.
    if (!(error instanceof PasswordRefused)) answers.delete(host.name)
    resolve(false)
    throw error
  }
}

/** Has the host's sudo taken the password in this process already, or does it need none? */
export async function isAdmitted(host: Host): Promise<boolean> {
  return !asksForPassword(host) || (await answers.get(host.name)) === true
}

async function refusedForAll<T>(host: Host, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof PasswordRefused) {
      const refused = Promise.reject(error)
      refused.catch(() => undefined)
      answers.set(host.name, refused)
    }
    throw error
  }
}
