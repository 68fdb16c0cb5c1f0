import { playbook } from 'provision'
import base from '../../../roles/base.ts'
import chrony from '../../../roles/chrony.ts'
import firewall from '../../../roles/firewall.ts'
import kernel from '../../../roles/kernel.ts'
import preflight from '../../../roles/preflight.ts'

/** Everything but Docker: Debian 12 has none that is new enough. */
export default playbook('bare', { on: 'all', roles: [preflight, base, chrony, kernel, firewall] })
