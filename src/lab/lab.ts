import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from '../errors.ts'
import { baseImage, baseRoot, installTools } from './base.ts'
import { removeCgroup } from './cgroup.ts'
import { cable, freeze, hostKey, isUp, kill, start, untilSsh, wipe } from './host.ts'
import { makeKey, privateKey } from './image.ts'
import { networkDown, networkUp } from './network.ts'
import { cgroup, folder, type LabHost, labHost, labHosts, namespace } from './settings.ts'
import { orUndone } from './shell.ts'

const usage = `usage: provision lab up [--hosts N] | down | status | trust
       provision lab ssh|exec|kill|start|reboot|cut|join|freeze|thaw|wipe HOST [COMMAND …]`

/** `provision lab …`; gives the exit code. */
export async function lab([verb = 'help', ...args]: readonly string[]): Promise<number> {
  if (verb === 'up') return await command(up, args)
  if (verb === 'down') return await command(down, args)
  if (verb === 'status') return status()
  if (verb === 'trust') {
    trust(hostsHere())
    return 0
  }
  const act = verbs[verb]
  if (!act || !args[0]) throw new InputError({ what: usage })
  return (await act(labHost(args[0]), args.slice(1))) ?? 0
}

/** Brings up N hosts (h1 … hN) that answer SSH. What is up already stays as it is. */
export async function up(count = 3): Promise<readonly LabHost[]> {
  const hosts = labHosts(count)
  const isNew = hostsHere().length === 0
  mkdirSync(folder, { recursive: true })
  await orUndone(async () => {
    await installTools()
    await makeKey()
    await Promise.all([baseRoot(), baseImage()])
    await networkUp(hosts)
    // All come to their end before anything is undone: a host that is still being made would outlive it.
    const ends = await Promise.allSettled(
      hosts.map(async (host) => {
        await start(host)
        await untilSsh(host)
      }),
    )
    for (const end of ends) if (end.status === 'rejected') throw end.reason
    if (isNew) trust(hosts)
  }, down)
  return hosts
}

/**
 * Only a new lab is known by itself: a host that is wiped and started again shows a changed key, as a real one
 * would, until `provision lab trust`.
 */
function trust(hosts: readonly LabHost[]): void {
  writeFileSync(knownHosts, hosts.map((host) => `${host.address} ${hostKey(host)}\n`).join(''))
}

/** Ends all that `up` started. The base file system and the apt cache stay, in the user's cache folder. */
export async function down(): Promise<void> {
  await Promise.all(hostsHere().map(wipe))
  await networkDown()
  await removeCgroup(cgroup)
  for (const name of ['hosts', 'ssh', 'known_hosts', 'proxy.sock'])
    rmSync(join(folder, name), { recursive: true, force: true })
}

export const knownHosts = join(folder, 'known_hosts')

const verbs: Readonly<
  Record<string, (host: LabHost, args: readonly string[]) => Promise<void> | number | void>
> = {
  ssh,
  exec: ssh,
  kill,
  start: async (host) => {
    await start(host)
    await untilSsh(host)
  },
  reboot: (host) => ssh(host, ['systemctl', 'reboot']),
  cut: (host) => cable(host, 'down'),
  join: (host) => cable(host, 'up'),
  freeze: (host) => freeze(host, true),
  thaw: (host) => freeze(host, false),
  wipe,
}

function ssh(host: LabHost, args: readonly string[]): number {
  const { status: code } = spawnSync(
    'nsenter',
    [
      `--net=/run/netns/${namespace}`,
      'ssh',
      '-q',
      '-i',
      privateKey,
      '-o',
      'IdentitiesOnly=yes',
      // Only this lab's own hand: provision itself is always strict.
      '-o',
      'StrictHostKeyChecking=no',
      '-o',
      'UserKnownHostsFile=/dev/null',
      '-o',
      'ConnectTimeout=5',
      `root@${host.address}`,
      ...args,
    ],
    { stdio: 'inherit' },
  )
  return code ?? 1
}

function status(): number {
  const hosts = hostsHere()
  if (hosts.length === 0) console.log('no lab; bring one up with: provision lab up')
  for (const host of hosts) console.log(`${host.name}  ${host.address}  ${isUp(host) ? 'up' : 'down'}`)
  return 0
}

async function command(act: typeof up | typeof down, args: readonly string[]): Promise<number> {
  const at = args.indexOf('--hosts')
  const count = at < 0 ? 3 : Number(args[at + 1])
  if (!Number.isInteger(count) || count < 1 || count > 89)
    throw new InputError({ what: '--hosts takes a number from 1 to 89' })
  const started = performance.now()
  await act(count)
  console.log(`done in ${((performance.now() - started) / 1000).toFixed(1)} s`)
  return status()
}

function hostsHere(): readonly LabHost[] {
  const here = join(folder, 'hosts')
  return existsSync(here) ? readdirSync(here).sort().map(labHost) : []
}
