import type { Port } from 'provision'
import { ports as chrony } from '../chrony.ts'
import { ports as etcd } from '../etcd.ts'
import { ports as haproxy } from '../haproxy.ts'
import { ports as monitoring } from '../monitoring.ts'
import { ports as pgbouncer } from '../pgbouncer.ts'
import { ports as postgres } from '../postgres.ts'
import { ports as swarm } from '../swarm.ts'
import { ports as vip } from '../vip.ts'

const ping: readonly Port[] = [
  { from: ['admin', 'peers'], protocol: 'ping', ports: [], reason: 'ping from admin and peers' },
]

/**
 * All that listens on a host of the stack, as the roles declare it. Whatever is not here is closed. It does not depend
 * on the playbook: a run of `prepare` alone must not close what the stack needs.
 */
export const portMatrix: readonly (Port & { readonly by: string })[] = Object.entries({
  firewall: ping,
  chrony,
  swarm,
  etcd,
  pgbouncer,
  postgres,
  vip,
  haproxy,
  monitoring,
}).flatMap(([by, ports]) => ports.map((port) => ({ ...port, by })))
