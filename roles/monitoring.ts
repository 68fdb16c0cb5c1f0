import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  check,
  command,
  containerOf,
  directory,
  file,
  type Host,
  InputError,
  monitoringLogin,
  type Port,
  role,
  type Secret,
  secret,
  sh,
  swarmService,
} from 'provision'
import { boards } from '../templates/monitoring/dashboards/boards.ts'
import { consolePage } from '../templates/monitoring/dashboards/console.ts'
import cluster from './cluster.ts'
import { imageFacts, imageSet, imageVars } from './sheets/images.ts'
import {
  alertmanagerService,
  pgexporterService,
  poolexporterService,
  prometheusService,
} from './sheets/monitor-services.ts'
import { monitoring } from './sheets/monitoring.ts'
import { hookSecrets, monitoringSecrets } from './sheets/monitoring-secrets.ts'
import { nodeMetrics } from './sheets/node-metrics.ts'
import { alertmanagerConfig, jobsOf, prometheusConfig, type Scraped } from './sheets/scrape.ts'
import { votersOf } from './sheets/voters.ts'

/** What it listens on. */
export const ports: readonly Port[] = [
  {
    from: ['peers', 'monitoring'],
    protocol: 'tcp',
    ports: [9100, 9187, 9127],
    reason: 'metrics of host, PostgreSQL and PgBouncer, for who has a certificate',
  },
  {
    from: ['admin', 'peers'],
    protocol: 'tcp',
    ports: [9090, 9093],
    reason: 'pages of Prometheus and Alertmanager, by password',
  },
  { from: ['peers'], protocol: 'tcp', ports: [9094], reason: 'Alertmanagers, with certificates' },
]

const folder = join(import.meta.dirname, '..', 'templates', 'monitoring')
/** Not templates of ours: what is in braces is Prometheus' own. */
const own = (name: string) => readFileSync(join(folder, name), 'utf8')

const on = '/etc/provision/monitoring'

/** Exporters on every host; Prometheus and Alertmanager on those that `hosts` names. Without any there is nothing of it. */
export default role({
  name: 'monitoring',
  vars: monitoring.vars,
  facts: imageFacts,
  shared: { cluster, images: imageVars },
  secrets: monitoringSecrets,
  resources({ vars, shared, secrets, host, hosts }) {
    if (vars.hosts.length === 0) return []
    const parts = { host, images: imageSet(shared.images, hosts, true), tls: secrets.tls }
    const monitors = hosts.filter((h) => vars.hosts.includes(h.name))
    // One that is missing may be a host that is down just now: a run says that better.
    if (monitors.length === 0)
      throw new InputError({
        what: `monitoring.hosts names ${vars.hosts.join(', ')}, and there is no such host`,
        next: `known: ${hosts.map((h) => h.name).join(', ')}`,
      })
    const hooked = hookSecrets(secrets)
    const { scope, kind, vip } = shared.cluster
    const scraped = {
      scope,
      kind,
      hosts,
      voters: votersOf(hosts, shared.cluster),
      monitors,
      scrapeSeconds: vars.scrapeSeconds,
    }
    return [
      nodeMetrics(host, secrets.tls, vip),
      swarmService(pgexporterService(parts, secrets.monitor)),
      swarmService(poolexporterService(parts, secrets.pooler)),
      monitors.some((h) => h.name === host.name) && [
        configuration(host, scraped, vars),
        ['prometheus', 'alertmanager'].map((name) =>
          directory(`/var/lib/monitoring/${name}`, { owner: '9090', group: '9090', mode: '0700' }),
        ),
        swarmService(prometheusService(parts, secrets.web, vars)),
        swarmService(
          alertmanagerService(
            parts,
            [secrets.web, ...hooked],
            monitors.filter((h) => h.name !== host.name),
          ),
        ),
        // The password as curl reads it: in no command line.
        file(monitoringLogin, {
          content: curlrc(secrets.web),
          mode: '0400',
        }),
        check('Prometheus has all its targets', targets(host, scraped), { withinSeconds: 120 }),
      ],
    ]
  },
})

/** Files that both programs read, tried before they are taken over. Before the services: a new one has read them already. */
function configuration(
  host: Host,
  scraped: Scraped,
  vars: { readonly webhook?: string; readonly deadMan?: string; readonly runbooks: string },
) {
  const prometheus = file(`${on}/prometheus.yml`, { content: prometheusConfig(scraped) })
  const rules = file(`${on}/rules.yml`, {
    content: own('rules.yml').replaceAll('docs/runbooks/alerts.md', vars.runbooks),
  })
  const alertmanager = file(`${on}/alertmanager.yml`, { content: alertmanagerConfig(vars) })
  return [
    directory(on),
    directory(`${on}/consoles`),
    // Pages of Prometheus: one that says how the cluster is, and the dashboards.
    file(`${on}/consoles/index.html`, { content: own('consoles/index.html') }),
    boards.map((board) => file(`${on}/consoles/${board.uid}.html`, { content: consolePage(board, boards) })),
    prometheus,
    rules,
    command('reload Prometheus', {
      run: reload(`prometheus-${host.name}`, `promtool check config ${on}/prometheus.yml`),
      on: [prometheus, rules],
    }),
    alertmanager,
    command('reload Alertmanager', {
      run: reload(`alertmanager-${host.name}`, `amtool check-config ${on}/alertmanager.yml`),
      on: [alertmanager],
    }),
  ]
}

function reload(service: string, trial: string): string {
  return sh`id=$(${containerOf(service)}); [ -z "$id" ] || { said=$(docker exec "$id" sh -c ${trial} 2>&1) || { printf '%s\n' "$said" >&2; exit 1; }; docker kill -s HUP "$id" >/dev/null; }`
    .text
}

function curlrc(web: Secret): Secret {
  return secret`# Written by provision (role monitoring).
silent
noproxy = "*"
show-error
fail
max-time = 10
cacert = "/etc/provision/tls/ca.crt"
user = "admin:${web}"
`
}

/** Prometheus itself says whom it reaches. */
function targets({ address }: Host, scraped: Scraped): string {
  const count = jobsOf(scraped).reduce((sum, job) => sum + job.static_configs.length, 0)
  const judge = `input | .data.result | (map(select(.value[1] != "1") | "\\(.metric.job) of \\(.metric.instance)") | join(", ")) as $down
| if $down != "" then "not reached: \\($down)" elif length != $count then "\\(length) of \\($count) targets are known" else "" end`
  return sh`said=$(curl -K ${monitoringLogin} ${`https://${address}:9090/api/v1/query?query=up`} | jq -rn --argjson count ${String(count)} ${judge}) || { echo 'Prometheus does not answer'; exit 1; }; [ -z "$said" ] || { echo "$said"; exit 1; }`
    .text
}
