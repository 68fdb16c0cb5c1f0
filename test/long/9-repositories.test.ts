import { afterAll, beforeAll, expect, test } from 'vitest'
import { down } from '../../src/lab/lab.ts'
import { labHost } from '../../src/lab/settings.ts'
import { sh } from '../../src/shell/sh.ts'
import { good, provision } from '../lab/cli.ts'
import { clusterUp, on, roles, untilWell } from '../lab/cluster.ts'
import { blank, onMachine } from '../lab/machines.ts'
import { drilled, inventoryWithBackup } from '../lab/s3.ts'

const hosts = ['h1', 'h2', 'h3']
const server = 'h6'
const there = '/srv/backups'
const here = '/mnt/backups'
let key: string
let hostKeys: readonly string[]

const sftp = () => ({ host: labHost(server).address, user: 'keeper', hostKeys })

const converge = (inventory: readonly string[]) =>
  good(provision([...inventory, '--yes', '--output', 'plain', '--verbose']))

beforeAll(async () => {
  await clusterUp()
  await untilWell()
  await blank(server)
  // Who keeps backups for others lets them have files, and nothing else.
  key = await onMachine(
    server,
    sh`useradd -u 5432 -m -d ${there} -s /usr/sbin/nologin keeper && cd ${there} && install -d -o keeper -m 0700 .ssh repository
ssh-keygen -q -t ed25519 -N '' -f /root/keeper && install -o keeper -m 0600 /root/keeper.pub .ssh/authorized_keys
printf 'Match User keeper\n ForceCommand internal-sftp\n' >>/etc/ssh/sshd_config && systemctl reload ssh && cat /root/keeper`,
  )
  hostKeys = (await onMachine(server, sh`cut -d' ' -f1,2 /etc/ssh/ssh_host_*_key.pub`)).trim().split('\n')
})
afterAll(() => down())

/** Backups are made there, listed, and proven by a restore; a second run changes nothing. */
async function proven(inventory: readonly string[]): Promise<void> {
  await untilWell(180, inventory)
  await good(provision(['backup', '--type', 'incr', ...inventory]))
  expect(await good(provision(['backup', 'list', ...inventory]))).toContain('incr')
  await good(provision(['backup', 'verify', ...inventory]))
  expect(await drilled(inventory)).toMatch(/all as in the cluster\.\nRPO/)
  const { standbys } = await roles()
  await good(provision(['restore', '--on', standbys[1] ?? '', ...inventory]))
  await good(provision(['restore', '--drop', '--on', standbys[1] ?? '', ...inventory]))
  expect((await provision(['plan', ...inventory, '--detailed-exitcode'])).code).toBe(0)
}

test('a server of SFTP keeps the backups: its key is asked for first, and told to nobody', async () => {
  const inventory = inventoryWithBackup({ sftp: sftp(), folder: `${there}/repository` })
  const without = await provision([...inventory, '--yes', '--output', 'plain'])
  expect([without.code, without.stderr]).toEqual([4, expect.stringContaining('backup-sftp-key')])
  await good(provision(['secrets', 'set', 'backup-sftp-key', ...inventory], { input: key }))
  const said = await converge(inventory)
  expect(said).not.toContain(key.split('\n')[2])
  await proven(inventory)
})

test('another server under that address is not trusted', async () => {
  const { leader } = await roles()
  const info = (keys: readonly string[]) =>
    on(
      leader,
      sh`printf '%s\n' ${keys.map((line) => `${labHost(server).address} ${line}`)} | docker exec -i "$(docker ps -qf name=postgres-)" sh -c 'cat >/run/provision/known; pgbackrest --stanza=postgres-cluster --repo1-sftp-known-host=/run/provision/known --output=json info' || :`,
    )
  expect(await info(hostKeys)).toContain('"backup":[{')
  const other = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDyTzy8vFOC3dVDu1BpLVtM1CN1NvyYbkDeXh7dSwGlz'
  expect(await info([other])).not.toContain('"backup":[{')
})

test('a folder that all hosts share keeps the backups: nothing begins before it is mounted everywhere', async () => {
  const inventory = inventoryWithBackup({ folder: here })
  const run = await provision([...inventory, '--yes', '--output', 'plain'])
  expect(run.code).not.toBe(0)
  expect(run.stdout + run.stderr).toContain(`mount it at ${here} on all hosts`)
  await Promise.all(
    hosts.map((name) =>
      on(
        name,
        sh`DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends sshfs >/dev/null
[ -e /dev/fuse ] || mknod /dev/fuse c 10 229
printf '%s\n' ${key} >/root/keeper; chmod 0600 /root/keeper; mkdir -p ${here}
sshfs -o allow_other,reconnect,IdentityFile=/root/keeper,StrictHostKeyChecking=accept-new keeper@${labHost(server).address}:${there}/repository ${here}`,
      ),
    ),
  )
  await converge(inventory)
  await proven(inventory)
})
