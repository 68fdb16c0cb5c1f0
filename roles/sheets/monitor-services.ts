import type { Host, Secret, ServiceWish } from 'provision'
import { identityMounts, passwordMounts } from './secrets.ts'
import { config, type Parts, tmp } from './services.ts'

/** Metrics of the host's own PostgreSQL, asked as an account that may read statistics only. */
export function pgexporterService(parts: Parts, monitor: Secret): ServiceWish {
  return exporter(parts, 'pgexporter', 'postgres', monitor)
}

/** Metrics of the host's own PgBouncer, asked as the account that it knows without a lookup (decision 0018). */
export function poolexporterService(parts: Parts, pooler: Secret): ServiceWish {
  return exporter(parts, 'poolexporter', 'pgbouncer', pooler)
}

export function prometheusService(
  parts: Parts,
  web: Secret,
  keep: { readonly retentionDays: number; readonly retentionGb: number },
): ServiceWish {
  const flags = [
    `--storage.tsdb.retention.time=${keep.retentionDays}d`,
    `--storage.tsdb.retention.size=${keep.retentionGb}GB`,
  ]
  return {
    ...program(parts, 'prometheus', ['prometheus', ...flags], [web]),
    mounts: [config('monitoring'), data('prometheus')],
    // It writes down what it has in memory.
    stopSeconds: 60,
    memoryMb: 1024,
  }
}

/** `peers`: the other hosts with an Alertmanager. They tell each other what was sent, so that nobody is told twice. */
export function alertmanagerService(
  parts: Parts,
  secrets: readonly Secret[],
  peers: readonly Host[],
): ServiceWish {
  const { address } = parts.host
  const cluster =
    peers.length > 0
      ? [
          `--cluster.listen-address=${address}:9094`,
          `--cluster.advertise-address=${address}:9094`,
          ...peers.map((peer) => `--cluster.peer=${peer.address}:9094`),
        ]
      : ['--cluster.listen-address=']
  return {
    ...program(parts, 'alertmanager', ['alertmanager', ...cluster], secrets),
    mounts: [config('monitoring'), data('alertmanager')],
    memoryMb: 256,
  }
}

function exporter(parts: Parts, name: string, kind: 'postgres' | 'pgbouncer', password: Secret) {
  return { ...program(parts, name, [kind], [password]), memoryMb: 128 }
}

function program(
  { host, images, tls }: Parts,
  name: string,
  args: readonly string[],
  passwords: readonly Secret[],
): ServiceWish {
  return {
    name: `${name}-${host.name}`,
    image: images.monitor.tag,
    host: host.name,
    args: ['run-monitor', ...args],
    user: '9090:9090',
    env: { NODE_ADDRESS: host.address },
    tmpfs: [tmp],
    secrets: [...identityMounts(host, tls), ...passwordMounts(passwords)],
  }
}

const data = (name: string) => ({
  source: `/var/lib/monitoring/${name}`,
  target: `/var/lib/monitoring/${name}`,
})
