import { playbook } from 'provision'
import databases from '../roles/databases.ts'
import etcd from '../roles/etcd.ts'
import haproxy from '../roles/haproxy.ts'
import images from '../roles/images.ts'
import pgbouncer from '../roles/pgbouncer.ts'
import pooler from '../roles/pooler.ts'
import postgres from '../roles/postgres.ts'
import quorums from '../roles/quorums.ts'
import secrets from '../roles/secrets.ts'
import swarm from '../roles/swarm.ts'
import vip from '../roles/vip.ts'

/** The stack, phase by phase. Each phase ends in a check that must hold before the next begins. */
export default playbook(
  'stack',
  { name: '1 swarm', on: 'all', roles: [quorums, swarm], tags: ['swarm'] },
  { name: '2 secrets and images', on: 'all', roles: [secrets, images], tags: ['secrets', 'images'] },
  { name: '3 etcd', on: 'all', roles: [etcd], tags: ['etcd'] },
  { name: '4 postgres', on: 'all', roles: [postgres], tags: ['postgres'] },
  { name: "5 the pooler's account", on: 'all', once: true, roles: [pooler], tags: ['pgbouncer'] },
  {
    name: '5 pooler, proxy and address',
    on: 'all',
    roles: [pgbouncer, haproxy, vip],
    tags: ['pgbouncer', 'haproxy', 'vip'],
  },
  { name: '6 databases', on: 'all', once: true, roles: [databases], tags: ['databases'] },
)
