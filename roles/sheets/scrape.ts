import type { Host } from 'provision'
import { stringify } from 'yaml'

export interface Scraped {
  readonly scope: string
  readonly kind: 'coordinator' | 'worker'
  readonly hosts: readonly Host[]
  /** Hosts with a member of etcd. */
  readonly voters: readonly Host[]
  /** Hosts with Prometheus and Alertmanager. */
  readonly monitors: readonly Host[]
  readonly scrapeSeconds: number
}

const tls = {
  ca_file: '/run/secrets/ca.crt',
  cert_file: '/run/secrets/host.crt',
  key_file: '/run/secrets/host.key',
}
const login = { username: 'admin', password_file: '/run/secrets/monitoring-web' }

/** What is scraped, and where, all with the certificates of the cluster; the targets are the inventory's hosts. */
export function jobsOf({ scope, kind, hosts, voters, monitors }: Scraped) {
  const job = (
    name: string,
    port: number,
    on: readonly Host[],
    more: Readonly<Record<string, unknown>> = {},
  ) => ({
    job_name: name,
    scheme: 'https',
    tls_config: tls,
    ...more,
    static_configs: on.map((h) => ({
      targets: [`${h.address}:${port}`],
      labels: { instance: h.name, scope },
    })),
  })
  const patroni = job('patroni', 8008, hosts, { honor_labels: true })
  return [
    job('node', 9100, hosts),
    // Only in a coordinator commits wait for a standby: the rules must know.
    {
      ...patroni,
      static_configs: patroni.static_configs.map((s) => ({ ...s, labels: { ...s.labels, kind } })),
    },
    job('postgres', 9187, hosts),
    job('pgbouncer', 9127, hosts),
    job('haproxy', 8404, hosts),
    job('etcd', 2379, voters),
    job('prometheus', 9090, monitors, { basic_auth: login }),
    job('alertmanager', 9093, monitors, { basic_auth: login }),
  ]
}

export function prometheusConfig(scraped: Scraped): string {
  const { scope, scrapeSeconds, monitors } = scraped
  return yaml({
    global: {
      scrape_interval: `${scrapeSeconds}s`,
      scrape_timeout: `${Math.min(scrapeSeconds, 10)}s`,
      evaluation_interval: `${scrapeSeconds}s`,
      external_labels: { cluster: scope },
    },
    rule_files: ['/etc/provision/monitoring/rules.yml'],
    // Each Prometheus tells every Alertmanager; they send it on once.
    alerting: {
      alertmanagers: [
        {
          scheme: 'https',
          tls_config: tls,
          basic_auth: login,
          static_configs: [{ targets: monitors.map((h) => `${h.address}:9093`) }],
        },
      ],
    },
    scrape_configs: jobsOf(scraped),
  })
}

/** Where alerts go. `secret`: the URL is in a file of the container. */
export interface Receivers {
  readonly webhook?: string
  readonly deadMan?: string
}

/** The critical ones at once and again every hour, the others in bundles; what follows from a lost host is not told beside it. */
export function alertmanagerConfig({ webhook, deadMan }: Receivers): string {
  const hook = (url: string | undefined, name: string) =>
    url === undefined
      ? {}
      : {
          webhook_configs: [
            url === 'secret' ? { url_file: `/run/secrets/${name}` } : { url, send_resolved: true },
          ],
        }
  return yaml({
    route: {
      receiver: 'alerts',
      group_by: ['cluster', 'alertname'],
      group_wait: '30s',
      group_interval: '5m',
      repeat_interval: '4h',
      routes: [
        {
          receiver: 'dead-man',
          matchers: ['alertname = DeadMansSwitch'],
          group_wait: '0s',
          group_interval: '1m',
          repeat_interval: '1m',
        },
        {
          receiver: 'alerts',
          matchers: ['severity = critical'],
          group_wait: '5s',
          group_interval: '1m',
          repeat_interval: '1h',
        },
      ],
    },
    receivers: [
      { name: 'alerts', ...hook(webhook, 'monitoring-webhook') },
      { name: 'dead-man', ...hook(deadMan, 'monitoring-deadman') },
    ],
    inhibit_rules: [
      {
        source_matchers: ['alertname = NodeDown'],
        target_matchers: [
          'alertname =~ "TargetDown|SwarmManagerDown|MetricsStale|EtcdMemberDown|PgBouncerDown"',
        ],
        equal: ['cluster', 'instance'],
      },
      // dockerd's metrics come by the same file.
      {
        source_matchers: ['alertname = MetricsStale'],
        target_matchers: ['alertname = SwarmManagerDown'],
        equal: ['cluster', 'instance'],
      },
      {
        source_matchers: ['alertname = ReplicationLagHigh'],
        target_matchers: ['alertname = ReplicationLagElevated'],
        equal: ['cluster', 'application_name'],
      },
      {
        source_matchers: ['alertname = DiskAlmostFull'],
        target_matchers: ['alertname = DiskFilling'],
        equal: ['cluster', 'instance', 'mountpoint'],
      },
    ],
  })
}

function yaml(config: object): string {
  // One object used twice is written out twice: an anchor helps nobody who reads it.
  return `# Written by provision (role monitoring).\n${stringify(config, { aliasDuplicateObjects: false })}`
}
