import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { sh } from '../../src/shell/sh.ts'
import { act, done, outageOf, runs } from './acting.ts'
import { labInventory, provision } from './cli.ts'
import { askedDuring } from './client.ts'
import { asSuperuser, clusterUp, on, roles, status, untilWell } from './cluster.ts'
import { measured, within } from './limits.ts'

const hosts = ['h1', 'h2', 'h3']

beforeAll(async () => {
  await clusterUp()
  await untilWell()
})
// The next suite goes on with the cluster.
afterAll(() => untilWell())

/** What a test that failed leaves behind must not make the next ones fail. */
async function heal(...hosts: string[]): Promise<void> {
  await done('maintenance', 'off', ...hosts)
  await untilWell()
}

test('switchover: planned, then done within 5 s; again there is nothing to do', measured, async () => {
  const { leader, standbys } = await roles()
  const [to = ''] = standbys
  const plan = await act(['switchover', '--to', to, '--check'])
  expect([plan.code, plan.stdout]).toEqual([0, expect.stringContaining(`leader ${leader} → ${to}`)])
  expect((await roles()).leader).toBe(leader)
  const { outage } = await outageOf(() => done('switchover', '--to', to))
  expect((await roles()).leader).toBe(to)
  await untilWell()
  const again = await act(['switchover', '--to', to])
  expect(again.stdout).not.toContain('changed  patroni')
  // Without a name it goes to whoever is nearest.
  await done('switchover')
  expect((await roles()).leader).not.toBe(to)
  await untilWell()
  within('switchover', outage, 5)
})

test('switchover: who is no host, and who cannot lead, is refused before anything is changed; so is a restart beside it', async () => {
  const { leader, standbys } = await roles()
  const [sick = ''] = standbys
  const stranger = await act(['switchover', '--to', 'h9'])
  expect([stranger.code, stranger.stderr]).toEqual([4, expect.stringContaining('there is no host h9')])
  const service = `label=com.docker.swarm.service.name=postgres-${sick}`
  await on(sick, sh`docker pause $(docker ps -q --filter ${service}) >/dev/null`)
  try {
    // Its key in etcd lives up to the ttl.
    await new Promise((resolve) => setTimeout(resolve, 25_000))
    const run = await act(['switchover', '--to', sick])
    expect(run.code).toBe(1)
    expect(run.stdout + run.stderr).toMatch(new RegExp(`${leader} leads; ready to: h[1-3], not ${sick}`))
    // Nor is another member taken down beside it; that it stays away is believed after a while.
    const loss = await act(['restart', leader, '--force'])
    expect([loss.code, loss.stdout]).toEqual([1, expect.stringContaining('postgres would lose its quorum')])
    expect(loss.stdout).toContain(`${sick}'s member of postgres is down; this run waits`)
    expect(loss.stdout).not.toContain('  changed  ')
  } finally {
    await on(sick, sh`docker unpause $(docker ps -q --filter ${service}) >/dev/null`)
    await untilWell()
  }
  expect((await roles()).leader).toBe(leader)
})

test('maintenance: on, it is told, and nobody hands over; off again', async () => {
  onTestFailed(() => heal())
  await done('maintenance', 'on')
  expect((await status()).troubles.map((t) => t.what)).toEqual(['Patroni is paused: nobody would take over'])
  const refused = await act(['switchover'])
  expect([refused.code, refused.stdout + refused.stderr]).toEqual([
    1,
    expect.stringContaining('provision maintenance off'),
  ])
  // Whoever else runs leaves it as it is.
  expect((await provision(['plan', ...labInventory, '--detailed-exitcode'])).code).toBe(0)
  await heal()
})

test('one host alone is drained: it leads no more, holds no address, gets no reads', measured, async () => {
  const { leader, standbys } = await roles()
  onTestFailed(() => heal(leader))
  const { outage } = await outageOf(() => done('maintenance', 'on', leader))
  const now = await roles()
  expect(standbys).toContain(now.leader)
  expect(now.holder).not.toBe(leader)
  expect((await status()).troubles.map((t) => [t.host, t.what])).toEqual([
    [leader, expect.stringContaining('drained since')],
  ])
  // Any other run leaves it so.
  expect((await provision(['plan', ...labInventory, '--detailed-exitcode'])).code).toBe(0)
  // Nobody else may be drained beside it, and it is nobody to hand over to.
  const [other = ''] = standbys
  const second = await act(['maintenance', 'on', other])
  expect([second.code, second.stdout + second.stderr]).toEqual([
    1,
    expect.stringContaining(`provision maintenance off ${leader} first`),
  ])
  expect((await act(['switchover', '--to', leader])).code).toBe(1)
  expect((await act(['maintenance', 'on', leader])).stdout).not.toContain('  changed  ')
  await heal(leader)
  expect((await act(['maintenance', 'off', leader])).stdout).not.toContain('  changed  ')
  within('the primary drained', outage, 5)
})

test('who waits for an answer hears at once that the address has moved, and holds no locks any more', async () => {
  const before = await roles()
  // Only the address is to move: with the primary the session would be cut anyway.
  if (before.holder === before.leader) await done('switchover')
  await untilWell()
  const { holder } = await roles()
  const waits = 'SELECT pg_sleep(240)'
  try {
    const heard = await askedDuring(waits, 5, () => done('maintenance', 'on', holder))
    expect(heard).toMatch(/reset|terminated/i)
    // PostgreSQL looks every 10 s whether anybody is still there (client_connection_check_interval).
    const still = () => asSuperuser(`SELECT count(*) FROM pg_stat_activity WHERE query = '${waits}'`)
    await expect.poll(still, { timeout: 20_000, interval: 1000 }).toBe('0')
  } finally {
    await heal(holder)
  }
})

test('a standby is made anew from the others while writes go on; the primary is not', async () => {
  const { leader, standbys } = await roles()
  const [name = ''] = standbys
  const data = () => on(name, sh`stat -c %i /var/lib/pg/data/main/PG_VERSION`)
  const before = await data()
  const primary = await act(['reinit', leader])
  expect([primary.code, primary.stdout + primary.stderr]).toEqual([
    1,
    expect.stringContaining('provision switchover first'),
  ])
  const { outage } = await outageOf(() => done('reinit', name))
  console.log(`reinit: ${outage.toFixed(1)} s without a write`)
  expect(outage).toBeLessThan(5)
  expect(await data()).not.toBe(before)
  await untilWell()
})

test('the hosts know what was done to them, by whom and for how long', async () => {
  const all = await runs()
  expect(all.slice(0, 2).map((r) => [r.playbook, r.failed])).toEqual([
    ['reinit', false],
    ['drain', false],
  ])
  const [last] = all
  if (!last) throw new Error('no runs')
  expect(last.who).toMatch(/@.* pid \d+$/)
  expect(last.seconds).toBeGreaterThan(0)
  const shown = await provision(['runs', 'show', last.id, ...labInventory])
  expect(shown.stdout).toContain('  command[make the standby anew]')
  expect((await provision(['runs', ...labInventory])).stdout).toContain(last.id)
  expect((await provision(['runs', 'show', 'nonsense', ...labInventory])).code).toBe(4)
})

test(
  'all three hosts boot anew, one after the other: at most 10 s without a write in all',
  measured,
  async () => {
    const boots = () => Promise.all(hosts.map((h) => on(h, sh`cat /proc/sys/kernel/random/boot_id`)))
    const before = await boots()
    const started = performance.now()
    const { outage, silence } = await outageOf(() => done('reboot', 'all'))
    console.log(
      `reboot of all: ${((performance.now() - started) / 1000).toFixed(0)} s, ${silence.toFixed(1)} s without a write in all, ${outage.toFixed(1)} at the longest`,
    )
    const after = await boots()
    for (const [i, boot] of before.entries()) expect(after[i]).not.toBe(boot)
    await untilWell()
    within('all silence of the reboots', silence, 10)
  },
)
