import { playbook } from 'provision'
import leave from '../roles/leave.ts'
import quorums from '../roles/quorums.ts'

/** A host leaves its cluster in order: the first half of `provision remove`, and `provision replace HOST --decommission`. */
export default playbook('leave', { name: 'it leaves', on: 'all', roles: [quorums, leave] })
