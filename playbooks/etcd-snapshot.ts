import { playbook } from 'provision'
import etcdCare from '../roles/etcd-care.ts'
import quorums from '../roles/quorums.ts'

/** A snapshot of etcd, now: what `provision etcd snapshot` runs. */
export default playbook('etcd-snapshot', { name: 'etcd', on: 'all', roles: [quorums, etcdCare] })
