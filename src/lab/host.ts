import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { CommandError } from '../errors.ts'
import { baseImage, baseRoot } from './base.ts'
import { personalise } from './image.ts'
import { bridge, cgroup, type LabHost, namespace } from './settings.ts'
import { pause, runHere, startDetached, succeeds } from './shell.ts'

/** Powers a host on; makes it first where there is none. */
export async function start(host: LabHost): Promise<void> {
  if (isUp(host)) return
  const at = (name: string) => join(host.folder, name)
  // The host key is the last thing that makes a host. One that was being made when its maker was killed is made anew.
  const isNew = !existsSync(at('upper/etc/ssh/ssh_host_ed25519_key.pub'))
  if (isNew) {
    if (await succeeds('mountpoint', '-q', at('root'))) await runHere('umount', '-l', at('root'))
    for (const name of ['upper', 'work']) rmSync(at(name), { recursive: true, force: true })
  }
  for (const name of ['upper', 'work', 'root', 'docker', 'data']) mkdirSync(at(name), { recursive: true })
  if (!(await succeeds('mountpoint', '-q', at('root')))) {
    const options = `lowerdir=${await baseRoot()},upperdir=${at('upper')},workdir=${at('work')}`
    await runHere('mount', '-t', 'overlay', 'overlay', '-o', options, at('root'))
  }
  if (isNew) await personalise(at('root'), host)
  startDetached(at('console'), 'nsenter', [
    `--net=/run/netns/${namespace}`,
    'unshare',
    '-m',
    'bash',
    join(import.meta.dirname, 'boot.sh'),
    host.name,
    at('root'),
    cgroup.slice(cgroup.lastIndexOf('/') + 1),
    bridge,
    at('docker'),
    at('data'),
    await baseImage(),
  ])
}

/** Power cut: nothing on the host gets to say goodbye. */
export async function kill(host: LabHost): Promise<void> {
  const init = await initPid(host)
  if (init) process.kill(init, 'SIGKILL')
  else if (isUp(host)) process.kill(pidOf(host) ?? 0, 'SIGKILL')
  // Frozen, the rest of the host would not even notice that it is dead.
  if (existsSync(freezer(host))) freeze(host, false)
  for (let i = 0; i < 100 && isUp(host); i++) await pause(100)
  if (isUp(host))
    throw new CommandError({
      host: host.name,
      what: 'the lab host did not go down',
      why: `pid ${pidOf(host)}`,
    })
}

/** PID 1 of a host, as this machine numbers it. */
export async function initPid(host: LabHost): Promise<number | undefined> {
  const nspawn = await nspawnPid(host)
  return nspawn && (await child(nspawn))
}

/** Takes the machine away, disks and identity with it: the next `start` is another machine, with another host key. */
export async function wipe(host: LabHost): Promise<void> {
  await kill(host)
  const root = join(host.folder, 'root')
  if (await succeeds('mountpoint', '-q', root)) await runHere('umount', '-l', root)
  rmSync(host.folder, { recursive: true, force: true })
}

/** Pulls the cable, or plugs it in. */
export async function cable(host: LabHost, state: 'up' | 'down'): Promise<void> {
  await runHere('ip', '-n', namespace, 'link', 'set', `vb-${host.name}`, state)
}

/** A hung host: every process stands still, the network stays up. */
export function freeze(host: LabHost, frozen: boolean): void {
  writeFileSync(freezer(host), frozen ? '1' : '0')
}

function freezer(host: LabHost): string {
  return join(cgroup, host.name, 'cgroup.freeze')
}

export function isUp(host: LabHost): boolean {
  const pid = pidOf(host)
  const line = `/proc/${pid}/cmdline`
  // A pid may have been given to someone else since: only our own boot script counts.
  return pid !== undefined && existsSync(line) && readFileSync(line, 'utf8').includes('boot.sh')
}

/** The host's public key line, as it stands on its disk. */
export function hostKey(host: LabHost): string {
  const file = join(host.folder, 'root/etc/ssh/ssh_host_ed25519_key.pub')
  return readFileSync(file, 'utf8').trim().split(' ').slice(0, 2).join(' ')
}

/** Waits until sshd shows its banner. */
export async function untilSsh(host: LabHost, limitMs = 60_000): Promise<void> {
  const limit = performance.now() + limitMs
  while (performance.now() < limit) {
    if (await banner(host)) return
    await pause(100)
  }
  const log = join(host.folder, 'console.log')
  throw new CommandError({
    host: host.name,
    what: `no SSH within ${limitMs / 1000} s`,
    why: existsSync(log) ? readFileSync(log, 'utf8').slice(-800) : 'no console log',
  })
}

function banner(host: LabHost): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(host.socket)
    const done = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(1000, () => done(false))
    socket.once('data', (data) => done(data.toString().startsWith('SSH-')))
    socket.once('error', () => done(false))
    socket.once('close', () => done(false))
  })
}

function pidOf(host: LabHost): number | undefined {
  const file = join(host.folder, 'console.pid')
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined
}

async function nspawnPid(host: LabHost): Promise<number | undefined> {
  const pid = pidOf(host)
  return isUp(host) && pid ? child(pid) : undefined
}

async function child(pid: number): Promise<number | undefined> {
  const found = await runHere('pgrep', '-o', '-P', String(pid)).catch(() => '')
  return Number(found.trim()) || undefined
}
