import { afterAll, beforeAll, expect, test } from 'vitest'
import { wipe } from '../../src/lab/host.ts'
import { up } from '../../src/lab/lab.ts'
import { labHost } from '../../src/lab/settings.ts'
import { sh } from '../../src/shell/sh.ts'
import { labInventory, provision, type Run } from './cli.ts'
import { Writer } from './client.ts'
import { clusterUp, on, roles, status, untilWell } from './cluster.ts'
import { blank, inventoryWith, membersSeenBy, onMachine } from './machines.ts'
import { names, replace, replaced } from './replacing.ts'

beforeAll(async () => {
  await clusterUp()
  await untilWell()
})
// The next suite goes on with the three at their own addresses.
afterAll(async () => {
  await wipe(labHost('h4'))
  await untilWell()
})

/** The host whose machine stands at another address after the first test. */
let away = ''

/** Where a host's machine is another one, at another address. */
const moved = (name: string, machine: string) =>
  inventoryWith((document, at) => document.setIn(['hosts', name], at(machine)))

/** A standby that does not hold the address of the clients, and another host. */
async function standby(): Promise<{ readonly name: string; readonly other: string }> {
  const { standbys, holder, leader } = await roles()
  const name = standbys.find((s) => s !== holder) ?? leader
  return { name, other: standbys.find((s) => s !== name) ?? leader }
}

async function mustRefuse(run: Promise<Run>, why: string): Promise<void> {
  const { code, stdout, stderr } = await run
  expect([code, stdout + stderr]).toEqual([1, expect.stringContaining(why)])
  expect(stdout).not.toContain('changed  ')
}

test('a machine under another address takes the place of a standby; what is not fit is refused', async () => {
  const { name, other } = await standby()
  away = name
  await up(4)
  const hostKey = await blank('h4')
  const at = moved(name, 'h4')
  // The machine comes from somewhere: a server of another cluster has run on it.
  const control = await on(
    other,
    sh`docker exec $(docker ps -q --filter ${`label=com.docker.swarm.service.name=postgres-${other}`}) sh -c 'initdb -D /dev/shm/foreign >/dev/null; base64 -w0 /dev/shm/foreign/global/pg_control; rm -r /dev/shm/foreign'`,
  )
  const data = '/var/lib/pg/data/main/global'
  await onMachine('h4', sh`mkdir -p ${data}; echo ${control} | base64 -d >${`${data}/pg_control`}`)
  await wipe(labHost(name))

  await mustRefuse(replace(name, ...at, '--host-key', 'SHA256:doubtful'), `shows ssh-ed25519 ${hostKey}`)
  await mustRefuse(replace(name, ...at, '--host-key', hostKey), 'PostgreSQL of another cluster (system ')
  await mustRefuse(replace(name, ...at, '--wipe', '--confirm', other), `its name is ${name}, not ${other}`)
  const wiping = [...at, '--wipe', '--confirm', name]
  // What is no replacement keeps its hands off: the machine would come back under the dead one's entry.
  await mustRefuse(
    provision([...at, '--yes', '--output', 'plain']),
    `→ a machine in the place of the old one: provision replace ${name}`,
  )
  for (const [lie, truth, why] of lies) {
    await onMachine('h4', lie)
    await mustRefuse(replace(name, ...wiping), why)
    await onMachine('h4', truth)
  }
  for (const part of ['etcd', 'postgres']) {
    const container = sh`docker ps -q --filter ${`label=com.docker.swarm.service.name=${part}-${other}`}`
    await on(other, sh`docker pause $(${container}) >/dev/null`)
    await mustRefuse(replace(name, ...wiping), `the member of ${part} on ${other} is alive`)
    await on(other, sh`docker unpause $(${container}) >/dev/null`)
  }
  expect(await onMachine('h4', sh`ls /etc/provision 2>/dev/null | wc -l; ls ${data}`)).toBe('0\npg_control')

  const writer = await Writer.start()
  const second = (async () => {
    await new Promise((resolve) => setTimeout(resolve, 20_000))
    return replace(name, ...wiping)
  })()
  await replaced('a standby, new address', name, other, ['--wipe', '--confirm', name], at, {
    outage: 5,
    writer,
  })
  await mustRefuse(second, 'another run holds the lock of this host')
  expect((await second).stdout + (await second).stderr).toContain(', for the playbook replace (run ')
})

/** What a machine says of itself that it should not: how it is made to, how that ends, and why it is refused. */
const lies = [
  [
    sh`sed 's/^MemTotal:.*/MemTotal: 3000000 kB/' /proc/meminfo >/run/meminfo; mount --bind /run/meminfo /proc/meminfo`,
    sh`umount /proc/meminfo`,
    'as big as the others',
  ],
  [sh`mount -t tmpfs -o size=100m tmpfs /var`, sh`umount -l /var`, 'as big as the others'],
  [
    sh`printf '#!/bin/sh\nexec /usr/bin/date -d "+1 hour" "$@"\n' >/usr/local/bin/date; chmod +x /usr/local/bin/date`,
    sh`rm /usr/local/bin/date`,
    'precondition[clock]',
  ],
] as const

test('taken out in order, it makes room for a machine at the old address', async () => {
  const name = away
  const other = names.find((h) => h !== name) ?? ''
  const writer = await Writer.start()
  try {
    const run = await replace(name, '--decommission', ...moved(name, 'h4'))
    if (run.code !== 0) throw new Error(run.stdout.slice(-3000) + run.stderr)
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

test('a host that is there is not replaced; nothing is changed', async () => {
  await mustRefuse(replace('h2', ...labInventory), 'h2 answers as itself')
  expect((await status()).ok).toBe(true)
})
