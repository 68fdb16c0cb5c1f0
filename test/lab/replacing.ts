import { expect } from 'vitest'
import { sh } from '../../src/shell/sh.ts'
import { good, provision, type Run } from './cli.ts'
import { Writer } from './client.ts'
import { on, roles, untilWell } from './cluster.ts'
import { membersSeenBy, watch } from './machines.ts'

/** The lab's three hosts. */
export const names = ['h1', 'h2', 'h3']

export const replace = (name: string, ...args: readonly string[]): Promise<Run> =>
  provision(['replace', name, '--yes', '--output', 'plain', ...args])

/** A standby that does not hold the address of the clients, and another host. */
export async function standby(): Promise<{ readonly name: string; readonly other: string }> {
  const { standbys, holder, leader } = await roles()
  const name = standbys.find((s) => s !== holder) ?? leader
  return { name, other: standbys.find((s) => s !== name) ?? leader }
}

/** The replacement itself, under a writer: what it must leave behind. */
export async function replaced(
  what: string,
  name: string,
  other: string,
  args: readonly string[],
  inventory: readonly string[],
  limits: { readonly outage: number; readonly writer?: Writer },
): Promise<void> {
  const writer = limits.writer ?? (await Writer.start())
  try {
    const members = watch(other)
    const started = performance.now()
    await good(replace(name, ...args, ...inventory))
    const took = (performance.now() - started) / 1000
    await untilWell(180, inventory)
    const seen = await members.end()
    const { outage, lost } = await writer.stop()
    console.log(
      `${what}: ${took.toFixed(0)} s, ${outage.toFixed(1)} s without a write, ${lost.length} lost; etcd's members meanwhile: ${seen.join(' | ')}`,
    )
    expect([lost, outage < limits.outage, outage]).toEqual([[], true, outage])
    // At all times those that stay are voters; at the end there is no ghost, in etcd and in the swarm.
    for (const list of seen)
      expect(list.split(', ').filter((m) => names.includes(m)).length).toBeGreaterThanOrEqual(2)
    const { members: etcd } = await membersSeenBy(other)
    expect(etcd.map((m) => [m.name, m.clientURLs?.length, m.isLearner === true]).sort()).toEqual(
      names.map((h) => [h, 1, false]),
    )
    const nodes = await on(other, sh`docker node ls --format '{{.Hostname}} {{.Status}}'`)
    expect(nodes.split('\n').sort()).toEqual(names.map((h) => `${h} Ready`))
    expect((await provision(['plan', ...inventory, '--detailed-exitcode'])).code).toBe(0)
  } catch (error) {
    writer.kill()
    throw error
  }
}
