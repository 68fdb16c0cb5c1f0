import { playbook } from 'provision'
import quorums from '../roles/quorums.ts'
import reboot from '../roles/reboot.ts'

/** Hosts boot anew, one after the other: what `provision reboot` runs. */
export default playbook('reboot', { name: 'reboot', on: 'all', roles: [quorums, reboot] })
