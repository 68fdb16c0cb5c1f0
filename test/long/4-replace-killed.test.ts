/**
 * `npm run test:long`: a replacement, killed at fifteen moments and more. Long, and so not part of `npm test`, which kills
 * runs at other places.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { down } from '../../src/lab/lab.ts'
import { labInventory, provision } from '../lab/cli.ts'
import { Writer } from '../lab/client.ts'
import { clusterUp, roles, untilWell } from '../lab/cluster.ts'
import { blank, membersSeenBy, watch } from '../lab/machines.ts'

/**
 * Steps of a replacement in their order; a run is killed so many milliseconds after one of them was told, when the next
 * one is in hand. One in hand finishes by itself on the host, and may then be told by no run: there are more than fifteen.
 */
const moments: readonly (readonly [step: string, delayMs: number])[] = [
  ['no-swarm-ghost[', 0],
  ['hostname[', 100],
  ['pkg[unattended-upgrades]', 300],
  ['service[chrony]', 0],
  ['file[/etc/sysctl.d/99-zz-provision.conf]', 0],
  ['file[/usr/local/sbin/provision-firewall]', 200],
  ['firewall[provision]', 0],
  ['pkg[docker.io]', 0],
  ['service[docker]', 500],
  ['swarm[manager]', 0],
  ['file[/etc/provision/tls/host.key]', 0],
  ['swarm-secret[tls-', 3000],
  ['image[', 0],
  ['etcd-member[', 0],
  ['file[/etc/provision/etcd/etcd.yml]', 0],
  ['service[provision-etcd-snapshot.timer]', 0],
  ['swarm-service[etcd-', 200],
  ['etcd-voter[', 0],
  ['directory[/var/lib/pg]', 0],
  ['file[/etc/provision/postgres/patroni.yml]', 0],
  ['swarm-service[postgres-', 1500],
  ['check[one leader', 0],
  ['file[/etc/provision/proxy/pgbouncer.ini]', 0],
  ['swarm-service[pgbouncer-', 100],
  ['file[/etc/provision/proxy/haproxy.cfg]', 0],
  ['swarm-service[haproxy-', 0],
  ['user[keepalived_script]', 0],
  ['pkg[keepalived]', 0],
  ['file[/etc/keepalived/keepalived.conf]', 0],
  ['service[keepalived]', 0],
  ['file[/usr/local/sbin/provision-breakglass]', 0],
]

beforeAll(async () => {
  await clusterUp()
  await untilWell()
})
afterAll(() => down())

test('killed at 15 moments of a replacement, it is finished by running it again; etcd never lacks a quorum', async () => {
  const { standbys, holder, leader } = await roles()
  const name = standbys.find((s) => s !== holder) ?? leader
  const other = ['h1', 'h2', 'h3'].find((h) => h !== name) ?? ''
  const writer = await Writer.start()
  try {
    const hostKey = await blank(name)
    const command = ['replace', name, ...labInventory, '--yes', '--output', 'plain', '--host-key', hostKey]
    const members = watch(other)
    const killed: string[] = []
    let ahead = moments
    for (;;) {
      const told = new RegExp(ahead.map(([step]) => `${whose(name, step)}.*${escaped(step)}`).join('|'), 'm')
      const run = await provision(command, { killWhen: told, killDelayMs: ahead[0]?.[1] ?? 0 })
      if (run.code === 0) break
      // Nearly through, the host is a member already: any run does what is left.
      if (run.code === 1 && run.stdout.includes(`${name} answers as itself`)) break
      if (run.code !== null)
        throw new Error(`a run failed by itself: ${run.stdout.slice(-3000)}${run.stderr}`)
      const at = ahead.findLastIndex(([step]) =>
        new RegExp(`${whose(name, step)}.*${escaped(step)}`, 'm').test(run.stdout),
      )
      killed.push(ahead[at]?.[0] ?? '')
      ahead = ahead.slice(at + 1)
      if (ahead.length === 0) break
    }
    const again = await provision(command)
    const rest = again.code === 0 ? again : await provision([...labInventory, '--yes', '--output', 'plain'])
    if (rest.code !== 0) throw new Error(again.stdout.slice(-2000) + rest.stdout.slice(-3000) + rest.stderr)
    await untilWell()
    const seen = await members.end()
    const { outage, lost } = await writer.stop()
    console.log(`killed ${killed.length} times, after ${killed.join(' ')}`)
    console.log(`${outage.toFixed(1)} s without a write; etcd's members: ${seen.join(' | ')}`)
    expect(killed.length).toBeGreaterThanOrEqual(15)
    for (const list of seen)
      expect(list.split(', ').filter((m) => ['h1', 'h2', 'h3'].includes(m)).length).toBeGreaterThanOrEqual(2)
    expect((await membersSeenBy(other)).members.map((m) => m.name).sort()).toEqual(['h1', 'h2', 'h3'])
    expect(lost).toEqual([])
    expect(outage).toBeLessThan(5)
    expect((await provision(['plan', ...labInventory, '--detailed-exitcode'])).code).toBe(0)
  } catch (error) {
    writer.kill()
    throw error
  }
})

/** The others see to the swarm's ghost; all else is the new machine's own. */
function whose(name: string, step: string): string {
  return step.startsWith('no-swarm-ghost') ? '' : `^${name} {2}(changed|checked) {2}`
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}
