import type { FindingId } from '../catalogue.ts'
import type { Asked } from '../effect.ts'

/** Ports of the stack that must not be open to others than their groups, and what it is called when they are. */
const ids: Readonly<Record<string, FindingId>> = {
  'tcp 2379': 'FW020',
  'tcp 2380': 'FW020',
  'tcp 5432': 'FW021',
  'tcp 5433': 'FW021',
  'tcp 6432': 'FW021',
  // pgBackRest's server gives away all files of the database to whoever has a certificate of the cluster.
  'tcp 8432': 'FW021',
  'tcp 8008': 'FW022',
  'udp 4789': 'FW024',
  'tcp 2377': 'FW026',
  'tcp 7946': 'FW026',
  'udp 7946': 'FW026',
  // Statistics and exporters: HAProxy, node, PostgreSQL, PgBouncer, etcd, dockerd; Prometheus and Alertmanager.
  'tcp 8404': 'FW027',
  'tcp 9100': 'FW027',
  'tcp 9187': 'FW027',
  'tcp 9127': 'FW027',
  'tcp 2381': 'FW027',
  'tcp 9323': 'FW027',
  'tcp 9090': 'FW027',
  'tcp 9093': 'FW027',
  'tcp 9094': 'FW027',
}

/** The finding for a port of the stack that is open although it may not be; undefined for all other ports. */
export function exposureId({ protocol, port }: Asked): FindingId | undefined {
  if (protocol === 'vrrp') return 'FW025'
  return ids[`${protocol} ${port}`]
}

/** `tcp 2379`, `ping` */
export function portName({ protocol, port }: Asked): string {
  return port === undefined ? protocol : `${protocol} ${port}`
}
