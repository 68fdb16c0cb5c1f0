import { playbook } from 'provision'
import etcdCare from '../roles/etcd-care.ts'
import quorums from '../roles/quorums.ts'

/** A snapshot of etcd, or its room given back: what `provision etcd snapshot|defrag` runs. */
export default playbook('etcd-care', { name: 'etcd', on: 'all', roles: [quorums, etcdCare] })
