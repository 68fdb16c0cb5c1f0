import { playbook } from 'provision'
import { backup, etcd, monitoring, postgres, postgresData, proxy, swarm } from '../roles/sheets/rollback.ts'

/** The phases of the stack backwards: `provision rollback PHASE` goes from the last one to that phase. */
export default playbook(
  'rollback',
  { phase: 'monitoring', name: '8 monitoring', on: 'all', roles: [monitoring] },
  { phase: 'backup', name: '7 backups', on: 'all', roles: [backup] },
  { phase: 'proxy', name: '5 pooler, proxy and address', on: 'all', roles: [proxy] },
  { phase: 'postgres', name: '4 PostgreSQL', on: 'all', roles: [postgres] },
  { phase: 'postgres', name: '4 data of PostgreSQL', on: 'all', roles: [postgresData] },
  { phase: 'etcd', name: '3 etcd', on: 'all', roles: [etcd] },
  { phase: 'swarm', name: '1 Docker Swarm', on: 'all', roles: [swarm] },
)
