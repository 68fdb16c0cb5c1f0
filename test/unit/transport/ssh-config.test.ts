import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Host } from '../../../src/model/host.ts'
import { sshConfig } from '../../../src/transport/ssh-config.ts'

const text = `
Host db?
  hostname 192.0.2.7
  USER ops
  Port 2222
  IdentityFile ~/.ssh/rack
  IdentityFile /keys/other
  UserKnownHostsFile ~/known
Host db2
  ProxyJump gate@192.0.2.1:2200
Host *
  User somebody
`

function host(name: string, more: Partial<Host> = {}, connection: Partial<Host['connection']> = {}): Host {
  return {
    name,
    address: name,
    groups: [],
    vars: {},
    connection: { transport: 'ssh', become: false, hostKeys: [], connectTimeoutSeconds: 10, ...connection },
    ...more,
  }
}

async function completed(given: Host): Promise<Host> {
  const folder = mkdtempSync(join(tmpdir(), 'provision-test-'))
  try {
    writeFileSync(join(folder, 'config'), text)
    return (await sshConfig(join(folder, 'config')))(given)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('fills what the inventory leaves open; the first match wins, keys add up', async () => {
  const { address, connection } = await completed(host('db1'))
  expect(address).toBe('192.0.2.7')
  expect(connection).toMatchObject({
    user: 'ops',
    port: 2222,
    keys: [join(homedir(), '.ssh/rack'), '/keys/other'],
    knownHosts: join(homedir(), 'known'),
  })
  expect(connection.jump).toBeUndefined()
  expect((await completed(host('db2'))).connection.jump).toBe('gate@192.0.2.1:2200')
})

test('the inventory wins', async () => {
  const own = host('db1', { address: '198.51.100.1' }, { user: 'root', port: 22, key: '/mine' })
  const { address, connection } = await completed(own)
  expect([address, connection.user, connection.port, connection.keys]).toEqual([
    '198.51.100.1',
    'root',
    22,
    undefined,
  ])
})

test('no such file: nothing is added', async () => {
  expect((await sshConfig('/nonexistent/config'))(host('db1'))).toEqual(host('db1'))
})
