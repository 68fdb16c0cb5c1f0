import { playbook } from 'provision'
import quorums from '../roles/quorums.ts'
import restart from '../roles/restart.ts'

/** PostgreSQL restarted, one member after the other: what `provision restart` runs. */
export default playbook('restart', { name: 'restart', on: 'all', roles: [quorums, restart] })
