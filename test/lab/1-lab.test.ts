import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hostKey, start, untilSsh, wipe } from '../../src/lab/host.ts'
import { privateKey } from '../../src/lab/image.ts'
import { down, knownHosts, up } from '../../src/lab/lab.ts'
import { cgroup, folder, foreign, type LabHost, namespace } from '../../src/lab/settings.ts'
import type { Host } from '../../src/model/host.ts'
import { sh } from '../../src/shell/sh.ts'
import { connectSsh } from '../../src/transport/ssh.ts'
import { connection } from './connection.ts'
import { on as onHost } from './engine.ts'

/** Kernel values that hosts write and that belong to this machine. */
const shared = ['vm/swappiness', 'fs/file-max', 'kernel/panic', 'net/core/somaxconn', 'vm/overcommit_memory']
const values = () => shared.map((key) => readFileSync(`/proc/sys/${key}`, 'utf8').trim())
const before = values()
let hosts: readonly LabHost[]

beforeAll(async () => {
  hosts = await up(3)
})
afterAll(() => down())

function at(index: number): LabHost {
  const host = hosts[index]
  if (!host) throw new Error(`the lab has no host ${index}`)
  return host
}

const on = (host: Host, script = sh`id -un`) => onHost(host, script)

test('three hosts run systemd and answer SSH', async () => {
  for (const host of hosts)
    expect(await on(connection(host), sh`cat /proc/1/comm; hostname`)).toBe(`systemd\n${host.name}`)
})

test('one host speaks German and lives half an hour off: its logins, its services, its clock', async () => {
  const host = at(1)
  const login = (words: string) =>
    execFileSync(
      'nsenter',
      [
        `--net=/run/netns/${namespace}`,
        'ssh',
        '-q',
        '-i',
        privateKey,
        '-o',
        `UserKnownHostsFile=${knownHosts}`,
        `root@${host.address}`,
        words,
      ],
      { encoding: 'utf8', env: { PATH: process.env.PATH } },
    ).trim()
  expect(login('locale | head -n 1; date +%z; ls /nicht-da 2>&1 || :')).toBe(
    `LANG=${foreign.locale}\n+0530\nls: Zugriff auf '/nicht-da' nicht möglich: Datei oder Verzeichnis nicht gefunden`,
  )
  expect(login('systemd-run -q --pipe locale | head -n 1; systemctl show-environment | grep LANG')).toBe(
    `LANG=${foreign.locale}\nLANG=${foreign.locale}`,
  )
  expect(await on(connection(host), sh`ls /nicht-da 2>&1 || :; date +%Z`)).toBe(
    "ls: cannot access '/nicht-da': No such file or directory\nUTC",
  )
})

test('a user becomes root by sudo', async () => {
  expect(await on(connection(at(0), { user: 'ops', become: true }))).toBe('root')
})

test('an unknown host key is refused, and the way out is named', async () => {
  const stranger = connection(at(0), { knownHosts: '/nonexistent' })
  await expect(connectSsh(stranger)).rejects.toThrow(
    /host key is unknown.*SHA256:[\s\S]*--accept-new-host-keys/,
  )
})

test('a refused login names the user and the key', async () => {
  await expect(connectSsh(connection(at(0), { user: 'nobody' }))).rejects.toThrow(
    /login as nobody was refused/,
  )
})

test('an unreachable host is given up in the time that was set', async () => {
  const gone = connection(at(0), { socket: '/nonexistent.sock' })
  await expect(connectSsh(gone)).rejects.toThrow(/cannot reach/)
})

test('a script that hangs is given up, and shown', async () => {
  await using link = await connectSsh(connection(at(0)))
  await expect(link.exec(sh`sleep 60`, { timeoutMs: 300 })).rejects.toThrow(
    /did not end within 0.3 s[\s\S]*sleep 60/,
  )
})

test('a host writes its own kernel values, never those of this machine', async () => {
  expect(
    await on(
      connection(at(0)),
      sh`sysctl -qw vm.swappiness=7 vm.overcommit_memory=1; cat /proc/sys/vm/swappiness`,
    ),
  ).toBe('7')
  expect(values()).toEqual(before)
})

test('a wiped host is another machine: its changed key is refused', async () => {
  const host = at(2)
  const old = hostKey(host)
  await wipe(host)
  await start(host)
  await untilSsh(host)
  expect(hostKey(host)).not.toBe(old)
  await expect(connectSsh(connection(host))).rejects.toThrow(/host key has CHANGED/)
})

test('down leaves no process, mount, namespace, cgroup or kernel value behind', async () => {
  await down()
  expect(execFileSync('ip', ['netns'], { encoding: 'utf8' })).not.toContain(namespace)
  expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(folder)
  expect(existsSync(cgroup)).toBe(false)
  const processes = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
  expect(processes.split('\n').filter((line) => line.includes(folder))).toEqual([])
  expect(values()).toEqual(before)
})
