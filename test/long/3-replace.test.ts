/** `npm run test:long`: another machine takes the place of the primary's after the failover, of a standby's at another address, and at the old one again. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { wipe } from '../../src/lab/host.ts'
import { up } from '../../src/lab/lab.ts'
import { labHost } from '../../src/lab/settings.ts'
import { good, labInventory } from '../lab/cli.ts'
import { Writer } from '../lab/client.ts'
import { clusterUp, roles, untilWell } from '../lab/cluster.ts'
import { blank, inventoryWith, membersSeenBy } from '../lab/machines.ts'
import { names, replace, replaced, standby } from '../lab/replacing.ts'

beforeAll(async () => {
  await clusterUp()
  await untilWell()
})
// The next suite goes on with the three at their own addresses.
afterAll(async () => {
  await wipe(labHost('h4'))
  await untilWell()
})

/** Where a host's machine is another one, at another address. */
const moved = (name: string, machine: string) =>
  inventoryWith((document, at) => document.setIn(['hosts', name], at(machine)))

/** The host whose machine stands at another address after the second test. */
let away = ''

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

test('a machine under another address takes the place of a standby', async () => {
  const { name, other } = await standby()
  away = name
  await up(4)
  const hostKey = await blank('h4')
  await wipe(labHost(name))
  await replaced('a standby, new address', name, other, ['--host-key', hostKey], moved(name, 'h4'), {
    outage: 5,
  })
})

test('taken out in order, it makes room for a machine at the old address', async () => {
  const name = away
  const other = names.find((h) => h !== name) ?? ''
  const writer = await Writer.start()
  try {
    await good(replace(name, '--decommission', ...moved(name, 'h4')))
    expect((await membersSeenBy(other)).members.map((m) => m.name).sort()).toEqual(
      names.filter((h) => h !== name),
    )
    await wipe(labHost('h4'))
    const hostKey = await blank(name)
    await replaced('a standby, same address', name, other, ['--host-key', hostKey], labInventory, {
      outage: 5,
      writer,
    })
  } catch (error) {
    writer.kill()
    throw error
  }
})
