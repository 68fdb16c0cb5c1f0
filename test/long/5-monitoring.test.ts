import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sh } from '../../src/shell/sh.ts'
import { changed, events, labInventory, provision } from '../lab/cli.ts'
import { clusterUp, on, untilWell } from '../lab/cluster.ts'
import { known } from '../unit/monitoring/metrics.ts'

const monitored = ['--set', 'monitoring.hosts=[h1, h2]', '--yes']

beforeAll(async () => {
  await clusterUp()
  await untilWell()
})
afterAll(() => provision([...labInventory, '--yes', '--prune']))

interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [number, string]
}

/** Asks Prometheus of a host as a run does: with the password out of its file. */
async function prometheus(query: string, host = 'h1'): Promise<readonly Sample[]> {
  const url = `https://${host === 'h1' ? '10.77.0.11' : '10.77.0.12'}:9090/api/v1/query`
  const said = await on(
    host,
    sh`curl -K /etc/provision/secrets/monitoring.curl --get --data-urlencode ${`query=${query}`} ${url}`,
  )
  return (JSON.parse(said) as { readonly data: { readonly result: readonly Sample[] } }).data.result
}

const firing = async (host?: string) =>
  (await prometheus('ALERTS{alertstate="firing"}', host)).map((s) => s.metric.alertname ?? '')

async function until(what: string, holds: () => Promise<boolean>, seconds = 240): Promise<void> {
  const end = Date.now() + seconds * 1000
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`)
    await sleep(5000)
  }
}

test('switched on by one line; every target answers, and a second run changes nothing', async () => {
  const first = await events(monitored)
  expect(first.filter((e) => e.type === 'failed')).toEqual([])
  const up = await prometheus('up')
  expect(up.filter((s) => s.value[1] !== '1')).toEqual([])
  expect(up).toHaveLength(22)
  expect(changed(await events(monitored))).toEqual([])
})

test('every metric that rules and dashboards name is there', async () => {
  // Backups are another part of the stack; the others come with the first event of their kind.
  const later = /^provision_(backup|restore)|^ALERTS$|notifications_failed|long_running|slot/
  await sleep(60_000)
  const names = (await prometheus('count by (__name__) ({__name__!=""})')).map((s) => s.metric.__name__)
  expect([...known].filter((name) => !names.includes(name) && !later.test(name))).toEqual([])
})

test('a healthy cluster raises nothing but the alert that always fires', async () => {
  // The lab's hosts may not set their clocks, and share one disk, as full as it may be.
  const ofTheLab = new Set(['ClockSkew', 'DiskFilling', 'DiskAlmostFull', 'WalDiskFilling', 'EtcdSlowFsync'])
  await until('only DeadMansSwitch', async () => {
    const names = (await firing()).filter((name) => !ofTheLab.has(name))
    return names.length === 1 && names[0] === 'DeadMansSwitch'
  })
  expect(await firing('h2')).toContain('DeadMansSwitch')
})

test('a pooler that is gone raises its alert on both hosts, and it ends when it is back', async () => {
  await on('h3', sh`docker service scale -d pgbouncer-h3=0 >/dev/null`)
  for (const host of ['h1', 'h2'])
    await until('PgBouncerDown', async () => (await firing(host)).includes('PgBouncerDown'))
  await events(monitored)
  await until('all is well again', async () => !(await firing()).includes('PgBouncerDown'))
})

test('no password is in an argv or in what Docker tells of a service; strangers are refused', async () => {
  for (const name of ['monitoring-web', 'pg-monitor']) {
    const { stdout } = await provision(['secrets', 'show', name, ...labInventory])
    const told = await on(
      'h1',
      sh`ps axww -o args; docker service inspect $(docker service ls -q); docker inspect $(docker ps -q)`,
    )
    expect(told).not.toContain(stdout.trim())
  }
  const code = (url: string) => on('h1', sh`curl -sk -o /dev/null -w '%{http_code}' ${url}; :`)
  expect(await code('https://10.77.0.11:9090/api/v1/query?query=up')).toBe('401')
  expect(await code('https://10.77.0.11:9100/metrics')).toBe('000')
  expect(await code('https://10.77.0.11:9187/metrics')).toBe('000')
})

test('switched off it is orphans, and --prune takes them away', async () => {
  const plan = await events(['plan'])
  const orphans = plan.flatMap((e) => (e.type === 'planned' ? e.plan.orphans : []))
  expect(orphans).toContain('swarm-service[prometheus-h1]')
  expect(orphans).toContain('service[provision-node-exporter]')
  const pruned = await events(['--yes', '--prune'])
  expect(pruned.filter((e) => e.type === 'failed')).toEqual([])
  const left = sh`docker service ls --format '{{.Name}}' | grep -E 'exporter|prometheus|alertmanager'; docker secret ls --format '{{.Name}}' | grep monitor; ss -Hltn | grep -E ':(9090|9093|9094|9100|9127|9187) '; :`
  expect(await on('h1', left)).toBe('')
  // Its image, too; then nothing is left to do.
  expect(await on('h1', sh`docker images -q localhost:1/provision/monitor`)).toBe('')
  expect(changed(await events(['--yes']))).toEqual([])
  await untilWell()
})
