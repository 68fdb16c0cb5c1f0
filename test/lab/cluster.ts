import { setTimeout as sleep } from 'node:timers/promises'
import { up } from '../../src/lab/lab.ts'
import { type LabHost, labHost } from '../../src/lab/settings.ts'
import { patroniRequest } from '../../src/patroni/api.ts'
import { type Script, sh } from '../../src/shell/sh.ts'
import type { Status } from '../../src/status/judge.ts'
import { good, labInventory, provision, type Run } from './cli.ts'
import { connection } from './connection.ts'
import { on as onHost } from './engine.ts'

/** Three hosts with the whole stack; nothing is done where it stands already. */
export async function clusterUp(): Promise<Run> {
  await up(3)
  const run = provision([...labInventory, '--yes', '--output', 'plain', '--verbose'])
  await good(run)
  return run
}

/** One of the cluster's three is up when it is asked for; a machine beside them is taken as it is. */
export async function hostNamed(name: string): Promise<LabHost> {
  return (await up(3)).find((h) => h.name === name) ?? labHost(name)
}

/** Runs a script on a host, beside provision. */
export async function on(name: string, script: Script): Promise<string> {
  return onHost(connection(await hostNamed(name)), script)
}

export async function status(inventory: readonly string[] = labInventory): Promise<Status> {
  const { stdout, stderr } = await provision(['status', ...inventory, '--output', 'json'])
  if (!stdout) throw new Error(stderr)
  return JSON.parse(stdout) as Status
}

/** Waits until `provision status` finds nothing amiss; gives the seconds that it took. */
export async function untilWell(
  limitSeconds = 180,
  inventory: readonly string[] = labInventory,
): Promise<number> {
  const started = Date.now()
  let last: Status | undefined
  while (Date.now() < started + limitSeconds * 1000) {
    last = await status(inventory)
    if (last.ok) return (Date.now() - started) / 1000
    await sleep(1000)
  }
  throw new Error(`not well after ${limitSeconds} s: ${JSON.stringify(last?.troubles)}`)
}

/** SQL on the primary, as superuser, asked from a host. */
export async function asSuperuser(text: string, name = 'h1', database = 'postgres'): Promise<string> {
  const service = `label=com.docker.swarm.service.name=postgres-${name}`
  return on(name, sh`docker exec $(docker ps -q --filter ${service}) psql-leader -Atqc ${text} ${database}`)
}

/** Asks the leader to hand over, as an operator would. */
export async function switchover(leader: string): Promise<void> {
  const { address } = await hostNamed(leader)
  const body = JSON.stringify({ leader })
  await on(
    leader,
    patroniRequest(`postgres-${leader}`, 'POST', `https://${address}:8008/switchover`, body, 60),
  )
}

/** Kills the server process of a member, as the kernel would: no shutdown, no last checkpoint. */
export async function crash(name: string): Promise<void> {
  const service = `label=com.docker.swarm.service.name=postgres-${name}`
  await on(
    name,
    sh`docker exec $(docker ps -q --filter ${service}) sh -c 'kill -9 "$(head -n 1 /var/lib/pg/data/main/postmaster.pid)"'`,
  )
}

/** Primary, its standbys, and who holds the VIP. */
export async function roles(): Promise<{ leader: string; standbys: readonly string[]; holder: string }> {
  const { way, hosts } = await status()
  if (!way.leader || !way.holder) throw new Error(`no leader or no VIP: ${JSON.stringify(way)}`)
  return {
    leader: way.leader,
    holder: way.holder,
    standbys: hosts.map((h) => h.name).filter((name) => name !== way.leader),
  }
}
