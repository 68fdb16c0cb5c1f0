import { playbook } from 'provision'
import chrony from '../roles/chrony.ts'

/** Bare hosts made ready for the stack. */
export default playbook('prepare', { name: 'prepare the hosts', on: 'all', roles: [chrony] })
