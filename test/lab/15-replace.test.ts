import { afterAll, beforeAll, expect, test } from 'vitest'
import { sh } from '../../src/shell/sh.ts'
import { labInventory, provision, type Run } from './cli.ts'
import { Writer } from './client.ts'
import { clusterUp, on, status, untilWell } from './cluster.ts'
import { blank, onMachine } from './machines.ts'
import { replace, replaced, standby } from './replacing.ts'

beforeAll(async () => {
  await clusterUp()
  await untilWell()
})
// The next suite goes on with the cluster.
afterAll(() => untilWell())

async function mustRefuse(run: Promise<Run>, why: string): Promise<void> {
  const { code, stdout, stderr } = await run
  expect([code, stdout + stderr]).toEqual([1, expect.stringContaining(why)])
  expect(stdout).not.toContain('changed  ')
}

test('a machine takes the place of a standby that has burnt; what is not fit is refused', async () => {
  const { name, other } = await standby()
  const hostKey = await blank(name)
  // The machine comes from somewhere: a server of another cluster has run on it.
  const control = await on(
    other,
    sh`docker exec $(docker ps -q --filter ${`label=com.docker.swarm.service.name=postgres-${other}`}) sh -c 'initdb -D /dev/shm/foreign >/dev/null; base64 -w0 /dev/shm/foreign/global/pg_control; rm -r /dev/shm/foreign'`,
  )
  const data = '/var/lib/pg/data/main/global'
  await onMachine(name, sh`mkdir -p ${data}; echo ${control} | base64 -d >${`${data}/pg_control`}`)

  await mustRefuse(
    replace(name, ...labInventory, '--host-key', 'SHA256:doubtful'),
    `shows ssh-ed25519 ${hostKey}`,
  )
  await mustRefuse(
    replace(name, ...labInventory, '--host-key', hostKey),
    'PostgreSQL of another cluster (system ',
  )
  await mustRefuse(
    replace(name, ...labInventory, '--wipe', '--confirm', other),
    `its name is ${name}, not ${other}`,
  )
  const wiping = [...labInventory, '--wipe', '--confirm', name]
  // What is no replacement keeps its hands off: the machine would come back under the dead one's entry.
  await mustRefuse(
    provision([...labInventory, '--yes', '--output', 'plain']),
    `→ a machine in the place of the old one: provision replace ${name}`,
  )
  for (const [lie, truth, why] of lies) {
    await onMachine(name, lie)
    await mustRefuse(replace(name, ...wiping), why)
    await onMachine(name, truth)
  }
  for (const part of ['etcd', 'postgres']) {
    const container = sh`docker ps -q --filter ${`label=com.docker.swarm.service.name=${part}-${other}`}`
    await on(other, sh`docker pause $(${container}) >/dev/null`)
    await mustRefuse(replace(name, ...wiping), `the member of ${part} on ${other} is alive`)
    await on(other, sh`docker unpause $(${container}) >/dev/null`)
  }
  expect(await onMachine(name, sh`ls /etc/provision 2>/dev/null | wc -l; ls ${data}`)).toBe('0\npg_control')

  const writer = await Writer.start()
  const second = (async () => {
    await new Promise((resolve) => setTimeout(resolve, 20_000))
    return replace(name, ...wiping)
  })()
  await replaced('a standby', name, other, ['--wipe', '--confirm', name], labInventory, {
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

test('a host that is there is not replaced; nothing is changed', async () => {
  await mustRefuse(replace('h2', ...labInventory), 'h2 answers as itself')
  expect((await status()).ok).toBe(true)
})
