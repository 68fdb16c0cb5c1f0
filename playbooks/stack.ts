import { playbook } from 'provision'
import accounts from '../roles/accounts.ts'
import backup, { repository } from '../roles/backup.ts'
import breakglass from '../roles/breakglass.ts'
import databases from '../roles/databases.ts'
import etcd from '../roles/etcd.ts'
import haproxy from '../roles/haproxy.ts'
import images from '../roles/images.ts'
import monitoring from '../roles/monitoring.ts'
import pgbouncer from '../roles/pgbouncer.ts'
import pooler from '../roles/pooler.ts'
import postgres from '../roles/postgres.ts'
import quorums from '../roles/quorums.ts'
import secrets from '../roles/secrets.ts'
import { monitorAccount } from '../roles/sheets/monitor-account.ts'
import { monitorLeftovers } from '../roles/sheets/monitor-leftovers.ts'
import slots from '../roles/slots.ts'
import swarm from '../roles/swarm.ts'
import tidy from '../roles/tidy.ts'
import vip from '../roles/vip.ts'

/** The stack, phase by phase. Each phase ends in a check that must hold before the next begins. */
export default playbook(
  'stack',
  { phase: 'swarm', name: '1 Docker Swarm', on: 'all', roles: [quorums, swarm] },
  { phase: 'secrets', name: '2 secrets and images', on: 'all', roles: [secrets, images] },
  { phase: 'etcd', name: '3 etcd', on: 'all', roles: [etcd] },
  { phase: 'postgres', name: '4 accounts of the cluster', on: 'all', once: true, roles: [accounts] },
  { phase: 'postgres', name: '4 PostgreSQL under Patroni', on: 'all', roles: [postgres] },
  { phase: 'proxy', name: "5 the pooler's account", on: 'all', once: true, roles: [pooler] },
  {
    phase: 'proxy',
    name: '5 pooler, proxy and address',
    on: 'all',
    roles: [pgbouncer, haproxy, vip, breakglass],
  },
  { phase: 'databases', name: '6 databases', on: 'all', once: true, roles: [slots, databases] },
  { phase: 'backup', name: '7 backups', on: 'all', roles: [backup] },
  { phase: 'backup', name: '7 their repository', on: 'all', once: true, roles: [repository] },
  {
    phase: 'monitoring',
    name: '8 account and secrets of the monitoring',
    on: 'all',
    once: true,
    roles: [monitorAccount],
  },
  { phase: 'monitoring', name: '8 monitoring', on: 'all', roles: [monitoring] },
  // Last: an image is left over when nothing runs from it any more.
  {
    phase: 'monitoring',
    name: '8 what is left over',
    on: 'all',
    roles: [tidy, monitorLeftovers],
    tidies: true,
  },
)
