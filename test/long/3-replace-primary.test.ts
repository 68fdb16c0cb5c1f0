/** `npm run test:long`: the machine of the primary burns, and after the failover another one takes its place. */
import { afterAll, beforeAll, test } from 'vitest'
import { labInventory } from '../lab/cli.ts'
import { Writer } from '../lab/client.ts'
import { clusterUp, roles, untilWell } from '../lab/cluster.ts'
import { blank } from '../lab/machines.ts'
import { replaced } from '../lab/replacing.ts'

beforeAll(async () => {
  await clusterUp()
  await untilWell()
})
// The next suite goes on with the cluster.
afterAll(() => untilWell())

test("the primary's machine is replaced after its failover", async () => {
  const { leader: name, standbys } = await roles()
  const [other = ''] = standbys
  const writer = await Writer.start()
  const hostKey = await blank(name)
  // The others have noticed, and another one leads.
  await writer.untilCalm()
  await replaced("the primary's host", name, other, ['--host-key', hostKey], labInventory, {
    outage: 30,
    writer,
  })
})
