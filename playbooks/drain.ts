import { playbook } from 'provision'
import drain from '../roles/drain.ts'
import quorums from '../roles/quorums.ts'

/** One host carries no clients, or does again: what `provision maintenance on|off HOST` runs. */
export default playbook('drain', { name: 'drain', on: 'all', roles: [quorums, drain] })
