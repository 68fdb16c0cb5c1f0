/**
 * `npm run test:long`: a replacement, killed at fifteen moments. Long, and so not part of `npm test`, which kills runs at
 * other places. It goes on with a lab that is up.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { down } from '../../src/lab/lab.ts'
import { labInventory, provision } from '../lab/cli.ts'
import { Writer } from '../lab/client.ts'
import { clusterUp, roles, untilWell } from '../lab/cluster.ts'
import { blank, membersSeenBy, watch } from '../lab/machines.ts'

/**
 * Seconds after which each run is killed. What earlier runs have done is not done again, so short ones come further each
 * time; the long ones see to it that the last phases are met, too.
 */
const moments = [3, 5, 7, 9, 12, 15, 20, 25, 10, 12, 30, 12, 15, 10, 12]

beforeAll(async () => {
  await clusterUp()
  await untilWell()
})
afterAll(() => down())

test('killed at 15 moments of a replacement, it is finished by running it again; etcd never lacks a quorum', async () => {
  const { standbys, holder, leader } = await roles()
  const name = standbys.find((s) => s !== holder) ?? leader
  const other = ['h1', 'h2', 'h3'].find((h) => h !== name) ?? ''
  const command = ['replace', name, ...labInventory, '--yes', '--output', 'plain']
  const writer = await Writer.start()
  try {
    const hostKey = await blank(name)
    const members = watch(other)
    let kills = 0
    for (const seconds of moments) {
      const run = await provision([...command, '--host-key', hostKey], { killAfterMs: seconds * 1000 })
      // It came to its end before its moment: there is nothing more to kill.
      if (run.code !== null) {
        if (run.code !== 0) throw new Error(`a run failed by itself: ${run.stdout.slice(-3000)}${run.stderr}`)
        break
      }
      kills++
      const last = run.stdout.trimEnd().split('\n').at(-1) ?? ''
      console.log(`killed after ${seconds} s: ${last.slice(0, 120)}`)
    }
    // Where the last one killed was nearly through, the host is a member already, and any run does what is left.
    const again = await provision([...command, '--host-key', hostKey])
    const rest = again.code === 0 ? again : await provision([...labInventory, '--yes', '--output', 'plain'])
    if (rest.code !== 0) throw new Error(again.stdout.slice(-2000) + rest.stdout.slice(-3000) + rest.stderr)
    await untilWell()
    const seen = await members.end()
    const { outage, lost } = await writer.stop()
    console.log(`${kills} kills; ${outage.toFixed(1)} s without a write; etcd's members: ${seen.join(' | ')}`)
    expect(kills).toBe(moments.length)
    for (const list of seen)
      expect(list.split(', ').filter((m) => ['h1', 'h2', 'h3'].includes(m)).length).toBeGreaterThanOrEqual(2)
    expect((await membersSeenBy(other)).members.map((m) => m.name).sort()).toEqual(['h1', 'h2', 'h3'])
    expect(lost).toEqual([])
    expect(outage).toBeLessThan(5)
    expect((await provision(['plan', ...labInventory, '--detailed-exitcode'])).code).toBe(0)
  } catch (error) {
    writer.kill()
    throw error
  }
})
