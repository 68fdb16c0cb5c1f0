import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { cable, kill, start, untilSsh } from '../../src/lab/host.ts'
import { sh } from '../../src/shell/sh.ts'
import { labInventory, provision } from './cli.ts'
import { execute, type Outcome, query, Writer } from './client.ts'
import { clusterUp, crash, hostNamed, on, roles, status, switchover, untilWell } from './cluster.ts'
import { measured, within } from './limits.ts'

beforeAll(async () => {
  await clusterUp()
  await untilWell()
})
// The next suite goes on with the cluster.
afterAll(() => untilWell())

/** What a writer notices of a fault. Ten rounds of each fault: npm run bench:failover. */
async function during(fault: () => Promise<void>, mend: () => Promise<void>): Promise<Outcome> {
  const writer = await Writer.start()
  try {
    await sleep(1000)
    await fault()
    await sleep(2000)
    await writer.untilCalm()
    await mend()
    await untilWell(240)
    return await writer.stop()
  } catch (error) {
    writer.kill()
    throw error
  }
}

const nothing = async () => undefined

test("power cut of the primary's host: another leads within 30 s, nothing is lost", measured, async () => {
  const { leader } = await roles()
  const host = await hostNamed(leader)
  const outcome = await during(
    () => kill(host),
    async () => {
      await start(host)
      await untilSsh(host)
    },
  )
  expect(outcome.lost).toEqual([])
  expect((await roles()).leader).not.toBe(leader)
  within('power cut', outcome.outage, 30)
})

test('its cable cut: back again it is a standby, and took no writes meanwhile', measured, async () => {
  const { leader } = await roles()
  const host = await hostNamed(leader)
  const outcome = await during(
    () => cable(host, 'down'),
    () => cable(host, 'up'),
  )
  expect(outcome.lost).toEqual([])
  expect((await roles()).standbys).toContain(leader)
  within('cable cut', outcome.outage, 30)
})

test('a crash of the server and a switchover cost at most 5 s', measured, async () => {
  const { leader } = await roles()
  const killed = await during(() => crash(leader), nothing)
  const planned = await during(async () => switchover((await roles()).leader), nothing)
  expect([killed.lost, planned.lost]).toEqual([[], []])
  within('crash of the server', killed.outage, 5)
  within('switchover', planned.outage, 5)
})

test(
  "keepalived killed on the address's holder: it comes back by itself, and one host has the address",
  measured,
  async () => {
    const { holder } = await roles()
    const running = sh`systemctl show -P NRestarts keepalived`
    const before = Number(await on(holder, running))
    const outcome = await during(() => on(holder, sh`pkill -9 -x keepalived`).then(nothing), nothing)
    expect(outcome.lost).toEqual([])
    within('keepalived killed', outcome.outage, 10)
    expect(Number(await on(holder, running))).toBeGreaterThan(before)
    const having = sh`ip -o addr show | grep -c ' 10.77.0.100/' || :`
    const counts = await Promise.all(['h1', 'h2', 'h3'].map((name) => on(name, having)))
    expect(counts.toSorted()).toEqual(['0', '0', '1'])
  },
)

test("systemd-networkd restarted on the address's holder: the address stays, and so do the sessions", async () => {
  const { holder } = await roles()
  const outcome = await during(
    () => on(holder, sh`systemctl restart systemd-networkd`).then(nothing),
    nothing,
  )
  expect(outcome.lost).toEqual([])
  expect(outcome.outage).toBeLessThan(2)
  expect((await roles()).holder).toBe(holder)
})

test('Patroni killed: PostgreSQL goes with it, and the container brings both back without the swarm', async () => {
  const { standbys } = await roles()
  const [name = ''] = standbys
  const inside = sh`docker exec $(docker ps -q --filter ${`label=com.docker.swarm.service.name=postgres-${name}`})`
  const id = await on(
    name,
    sh`${inside} cat /etc/hostname; docker ps -q --filter ${`label=com.docker.swarm.service.name=postgres-${name}`}`,
  )
  const left = await on(
    name,
    sh`${inside} sh -c 'kill -9 $(pgrep -f "[p]atroni /run/provision"); sleep 2.5; pgrep -c -x postgres || :'`,
  )
  expect(left).toBe('0')
  await untilWell()
  expect(
    await on(
      name,
      sh`${inside} cat /etc/hostname; docker ps -q --filter ${`label=com.docker.swarm.service.name=postgres-${name}`}`,
    ),
  ).toBe(id)
})

test('a standby whose rewind was cut off is copied anew from the primary; one that has lived on since is not', async () => {
  const { standbys } = await roles()
  const [name = ''] = standbys
  const data = () => on(name, sh`stat -c %i /var/lib/pg/data/main/PG_VERSION`)
  const before = await data()
  const service = `label=com.docker.swarm.service.name=postgres-${name}`
  // What rewind-data leaves when it dies: the control file as it was. First that of another day, then that of now.
  const mark = sh`sha256sum /var/lib/pg/data/main/global/pg_control >/var/lib/pg/data/rewinding`
  const died = sh`docker kill $(docker ps -q --filter ${service}) >/dev/null`
  await on(
    name,
    sh`echo "$(printf %064d 0)  /var/lib/pg/data/main/global/pg_control" >/var/lib/pg/data/rewinding; ${died}`,
  )
  await untilWell()
  expect(await data()).toBe(before)
  expect(await on(name, sh`ls -A /var/lib/pg/data`)).toBe('main')
  await on(name, sh`${died}; ${mark}`)
  await untilWell()
  expect(await data()).not.toBe(before)
  expect(await on(name, sh`ls -A /var/lib/pg/data`)).toBe('main')
})

test('all three powered off and on: the cluster comes back by itself', async () => {
  await execute(
    'claude_flow_shared',
    'DROP TABLE IF EXISTS before_the_night; CREATE TABLE before_the_night (n int); INSERT INTO before_the_night VALUES (1)',
  )
  const hosts = await Promise.all(['h1', 'h2', 'h3'].map(hostNamed))
  await Promise.all(hosts.map(kill))
  const begun = performance.now()
  for (const host of hosts) await start(host)
  await Promise.all(hosts.map((host) => untilSsh(host)))
  await untilWell(240)
  console.log(`all three off and on: well after ${((performance.now() - begun) / 1000).toFixed(0)} s`)
  expect(await query('claude_flow_shared', 'SELECT n FROM before_the_night')).toBe('1')
})

test('without a swarm the break-glass scripts run everything; a new swarm takes over with the data', async () => {
  await execute(
    'claude_flow_shared',
    'DROP TABLE IF EXISTS kept; CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)',
  )
  const { leader, standbys } = await roles()
  // The primary last: stopped first it would make the others lead for moments, one after the other.
  const names = [...standbys, leader]
  expect(await on('h1', sh`provision-breakglass start`)).toContain('etcd: the swarm runs it; nothing done')
  for (const name of names) await on(name, sh`docker swarm leave --force`)
  await Promise.all(
    names.map(async (name) => {
      for (let i = 0; i < 60 && (await on(name, sh`docker ps -q`)) !== ''; i++) await sleep(500)
      expect(await on(name, sh`provision-breakglass start`)).toContain('haproxy: started without the swarm')
    }),
  )
  const limit = Date.now() + 120_000
  let answer = ''
  while (answer !== '42' && Date.now() < limit) {
    // `provision psql` looks for the swarm's container; a client would not.
    answer = await on(
      'h1',
      sh`docker exec breakglass-postgres psql-leader -d claude_flow_shared -Atc 'SELECT n FROM public.kept' 2>/dev/null || :`,
    )
    await sleep(1000)
  }
  expect(answer).toBe('42')
  const followers = sh`docker exec breakglass-postgres psql -Atqc 'SELECT count(*) FROM pg_stat_replication WHERE NOT pg_is_in_recovery()' postgres 2>/dev/null || :`
  let primaries: readonly string[] = []
  await vi.waitFor(
    async () => {
      const counts = await Promise.all(names.map((name) => on(name, followers)))
      primaries = names.filter((_, i) => counts[i] === '2')
      expect(primaries.length).toBe(1)
    },
    { timeout: 60_000, interval: 1000 },
  )
  // The primary last, here too. The script refuses another order.
  const early = await on(primaries[0] ?? '', sh`provision-breakglass stop 2>&1; echo "exit $?"`)
  expect(early).toMatch(/^nothing stopped: this host leads, and these follow it: h[123] h[123]\..*\nexit 1$/)
  for (const name of [...names.filter((n) => !primaries.includes(n)), ...primaries])
    expect(await on(name, sh`provision-breakglass stop`)).toContain('postgres: stopped')
  const run = await provision([...labInventory, '--yes'])
  expect(run.code, run.stdout + run.stderr).toBe(0)
  await untilWell()
  expect(await query('claude_flow_shared', 'SELECT n FROM public.kept')).toBe('42')
})

test('a phase is rolled back without its data, and comes again with it; with --destroy-data it is gone', async () => {
  const only = await provision(['rollback', 'proxy', ...labInventory, '--yes', '--check'])
  expect([only.code, only.stdout]).toEqual([0, expect.stringContaining('no-swarm-service[haproxy-')])
  expect((await status()).ok).toBe(true)
  const back = await provision(['rollback', 'proxy', ...labInventory, '--yes'])
  expect(back.code, back.stdout + back.stderr).toBe(0)
  expect(await on('h1', sh`docker service ls --format '{{.Name}}' | sort | tr '\n' ' '`)).toBe(
    'etcd-h1 etcd-h2 etcd-h3 postgres-h1 postgres-h2 postgres-h3',
  )
  const destroy = (confirm: string) =>
    provision(['rollback', 'etcd', ...labInventory, '--yes', '--destroy-data', '--confirm', confirm])
  const refused = await destroy('wrong')
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('nothing was changed')])
  const gone = await destroy('postgres-cluster')
  expect(gone.code, gone.stdout + gone.stderr).toBe(0)
  expect(
    await on('h2', sh`docker service ls -q | wc -l; ls /var/lib/pg/data /var/lib/etcd | grep -c main || :`),
  ).toBe('0\n0')
  const run = await provision([...labInventory, '--yes'])
  expect(run.code, run.stdout + run.stderr).toBe(0)
  await untilWell()
  expect(
    await query('claude_flow_shared', `SELECT count(*) FROM pg_tables WHERE schemaname = 'public'`),
  ).toBe('0')
})
