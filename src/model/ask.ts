import type { Probe } from './probe.ts'

/**
 * A question to another host, put when a resource is applied: a join token, a list of members. Its answer is not
 * known in the plan. `parse` throws as long as there is none; it is asked again until then.
 */
export interface Ask<T> {
  /** Name of the host that is asked, in the inventory. */
  readonly host: string
  readonly probe: Probe<T>
  /** How long an answer is waited for: the other host may just be on its way to it. */
  readonly withinSeconds: number
}

/** Asks another host of the playbook. A `Secret` in the answer stays one. */
export function ask<T>(host: string, probe: Probe<T>, withinSeconds = 60): Ask<T> {
  return { host, probe, withinSeconds }
}
