import { playbook } from 'provision'
import quorums from '../roles/quorums.ts'
import reinit from '../roles/reinit.ts'

/** A standby made anew from the others: what `provision reinit HOST` runs. */
export default playbook('reinit', { name: 'reinit', on: 'all', roles: [quorums, reinit] })
