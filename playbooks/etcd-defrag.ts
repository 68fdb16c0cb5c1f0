import { playbook } from 'provision'
import etcdCare from '../roles/etcd-care.ts'
import quorums from '../roles/quorums.ts'

/** etcd's room given back, one member after the other: what `provision etcd defrag` runs. */
export default playbook('etcd-defrag', { name: 'etcd', on: 'all', roles: [quorums, etcdCare] })
