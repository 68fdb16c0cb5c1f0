import { playbook } from 'provision'
import etcd from '../roles/etcd.ts'
import { aside, barred, leads } from '../roles/etcd-lost.ts'
import quorums from '../roles/quorums.ts'
import site from './site.ts'

/**
 * A new etcd under a database that has its data: what `provision dr etcd-lost` runs. When the right one leads again,
 * the rest of the way is that of every run.
 */
export default playbook(
  'dr-etcd-lost',
  { phase: 'etcd-lost', name: 'who may lead', on: 'all', roles: [quorums, barred] },
  { phase: 'etcd-lost', name: 'what is left of etcd is set aside', on: 'all', roles: [aside] },
  { phase: 'etcd-lost', name: 'a new etcd', on: 'all', roles: [etcd] },
  { phase: 'etcd-lost', name: 'the database leads on it', on: 'all', roles: [leads] },
  ...site.plays,
)
