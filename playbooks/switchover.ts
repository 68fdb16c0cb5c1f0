import { playbook } from 'provision'
import switchover from '../roles/switchover.ts'

/** Another primary, now or at a time: what `provision switchover` runs. */
export default playbook('switchover', { name: 'switchover', on: 'all', roles: [switchover] })
