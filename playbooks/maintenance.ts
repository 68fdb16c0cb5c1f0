import { playbook } from 'provision'
import maintenance from '../roles/maintenance.ts'

/** Patroni paused, or not any more: what `provision maintenance on|off` runs. Any host may say it; the first does. */
export default playbook('maintenance', { name: 'maintenance', on: 'all', once: true, roles: [maintenance] })
