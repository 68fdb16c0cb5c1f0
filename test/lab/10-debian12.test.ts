import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'provision-lab-'))
const inventory = join(folder, 'inventory.yaml')

/** The command line, with a lab of Debian 12 hosts beside the other one. */
function cli(...args: string[]) {
  return spawnSync(process.execPath, [join(root, 'bin/main.mjs'), ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, PROVISION_LAB_DIR: folder, PROVISION_LAB_SUITE: 'bookworm' },
  })
}

beforeAll(() => {
  const up = cli('lab', 'up', '--hosts', '1')
  if (up.status !== 0) throw new Error(up.stderr)
  writeFileSync(
    inventory,
    `connection: { user: root, key: id_ed25519, knownHosts: known_hosts }
vars:
  firewall: { admin: [10.77.0.0/24] }
  kernel: { openFiles: 16384 }
hosts:
  h1: { address: 10.77.0.11, connection: { socket: ssh/h1.sock } }
`,
  )
})
afterAll(() => {
  cli('lab', 'down')
  rmSync(folder, { recursive: true, force: true })
})

test('Debian 12 converges: base, chrony, kernel, firewall; again nothing changes', () => {
  const bare = ['run', 'test/lab/playbooks/bare.ts', '-i', inventory, '--yes']
  const first = cli(...bare)
  expect([first.stderr, first.status]).toEqual(['', 0])
  const again = cli(...bare)
  expect(again.stdout).toMatch(/^h1 +ok +ok=\d+ changed=0 /m)
  expect(cli('lab', 'exec', 'h1', 'cat', '/etc/debian_version').stdout).toMatch(/^12\./)
})

test("Debian 12's own Docker is refused, and the way out is named: Engine 20.10 is below 24", () => {
  const { stdout, stderr, status } = cli('run', 'playbooks/prepare.ts', '-i', inventory)
  expect(status).toBe(4)
  expect(stdout + stderr).toContain('docker: debian 12 ships Engine 20.10; at least 24 is needed')
})
