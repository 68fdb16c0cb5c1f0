import { expect, test } from 'vitest'
import { parse } from 'yaml'
import monitoring from '../../../roles/monitoring.ts'
import { monitorAccount } from '../../../roles/sheets/monitor-account.ts'
import { alertmanagerConfig, jobsOf, prometheusConfig } from '../../../roles/sheets/scrape.ts'
import { type Host, type Resource, Secret } from '../../../src/index.ts'
import { flatten, idOf } from '../../../src/model/resource.ts'

const hosts = ['h1', 'h2', 'h3'].map((name, i) => ({
  name,
  address: `192.0.2.1${i + 1}`,
  groups: [],
  facts: { tags: [] },
})) as unknown as readonly Host[]

const vars = {
  hosts: ['h1', 'h2'],
  scrapeSeconds: 15,
  retentionDays: 30,
  retentionGb: 10,
  runbooks: 'https://wiki/alerts',
}

function ask(name: string, more: object = {}): readonly Resource[] {
  const secret = (key: string, value = `value-of-${key}`) => new Secret(key, value)
  return flatten(
    monitoring.resources({
      vars: { ...vars, ...more },
      facts: { tags: [] },
      shared: {
        cluster: { scope: 's', kind: 'coordinator', vip: '192.0.2.100' },
        images: { base: 'debian:trixie' },
      },
      secrets: {
        tls: { key: secret('key'), certificate: 'certificate', authority: 'authority' },
        pooler: secret('pg-pooler'),
        web: secret('monitoring-web'),
        monitor: secret('pg-monitor'),
        ...('webhook' in more ? { webhook: secret('monitoring-webhook', more.webhook as string) } : {}),
      },
      host: hosts.find((h) => h.name === name) as Host,
      hosts: hosts as never,
    }),
  )
}

const ids = (resources: readonly Resource[]) => resources.map(idOf)

test('without hosts there is nothing of it, and no secret is made for it', () => {
  expect(ask('h1', { hosts: [] })).toEqual([])
  expect(monitoring.secrets({ hosts: [] }, {})).toEqual({})
  expect(monitorAccount.secrets({ hosts: [] }, {})).toEqual({})
  expect(Object.keys(monitoring.secrets({ hosts: ['h1'], webhook: 'secret' }, {}))).toContain('webhook')
  expect(() => ask('h1', { hosts: ['h9'] })).toThrow(/names h9, and there is no such host/)
})

test('exporters on every host, Prometheus and Alertmanager on those that are named', () => {
  const services = (name: string) => ids(ask(name)).filter((id) => id.startsWith('swarm-service['))
  expect(services('h1')).toEqual(
    ['pgexporter', 'poolexporter', 'prometheus', 'alertmanager'].map((part) => `swarm-service[${part}-h1]`),
  )
  expect(services('h3')).toEqual(['swarm-service[pgexporter-h3]', 'swarm-service[poolexporter-h3]'])
  expect(new Set(ids(ask('h1'))).size).toBe(ask('h1').length)
})

test('no password is in the argv or the environment of a service', () => {
  for (const r of ask('h1').filter((r) => r.kind.name === 'swarm-service'))
    expect(JSON.stringify(r.desired)).not.toContain('value-of')
})

test('a secret URL that nobody has set yet is refused', () => {
  expect(() => ask('h1', { webhook: 'made-up' })).toThrow(/provision secrets set monitoring-webhook/)
  expect(() => ask('h1', { webhook: 'https://alarms/token' })).not.toThrow()
})

const scraped = {
  scope: 's',
  kind: 'worker' as const,
  hosts,
  voters: hosts.slice(0, 2),
  monitors: hosts.slice(2),
  scrapeSeconds: 15,
}

test('what is scraped follows from the inventory, by certificate', () => {
  const jobs = Object.fromEntries(jobsOf(scraped).map((job) => [job.job_name, job]))
  expect(jobs.etcd?.static_configs.map((s) => s.targets[0])).toEqual(['192.0.2.11:2379', '192.0.2.12:2379'])
  expect(jobs.node?.static_configs[2]).toEqual({
    targets: ['192.0.2.13:9100'],
    labels: { instance: 'h3', scope: 's' },
  })
  expect(jobs.patroni?.static_configs[0]?.labels).toEqual({ instance: 'h1', scope: 's', kind: 'worker' })
  const plain = Object.values(jobs).filter((job) => job.scheme !== 'https' || !job.tls_config.cert_file)
  expect(plain).toEqual([])
  const config = parse(prometheusConfig(scraped))
  expect(config.alerting.alertmanagers[0].static_configs[0].targets).toEqual(['192.0.2.13:9093'])
})

test('a secret URL is read from its file; without receivers the pages alone show alerts', () => {
  const [alerts, deadMan] = parse(alertmanagerConfig({ webhook: 'secret', deadMan: 'https://d' })).receivers
  expect(alerts.webhook_configs).toEqual([{ url_file: '/run/secrets/monitoring-webhook' }])
  expect(deadMan.webhook_configs).toEqual([{ url: 'https://d', send_resolved: true }])
  expect(parse(alertmanagerConfig({})).receivers).toEqual([{ name: 'alerts' }, { name: 'dead-man' }])
})
