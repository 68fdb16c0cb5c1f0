import { playbook } from 'provision'
import preflight from '../roles/preflight.ts'

/** Looks, and changes nothing: what `provision doctor` runs. */
export default playbook('doctor', { name: 'examine the hosts', on: 'all', roles: [preflight] })
