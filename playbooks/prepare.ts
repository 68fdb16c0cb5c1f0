import { playbook } from 'provision'
import base from '../roles/base.ts'
import chrony from '../roles/chrony.ts'
import docker from '../roles/docker.ts'
import firewall from '../roles/firewall.ts'
import kernel from '../roles/kernel.ts'
import preflight from '../roles/preflight.ts'
import quorums from '../roles/quorums.ts'

/** Bare hosts made ready for the stack. The firewall stands before Docker opens anything. */
export default playbook('prepare', {
  phase: 'prepare',
  name: 'prepare the hosts',
  on: 'all',
  roles: [preflight, quorums, base, chrony, kernel, firewall, docker],
})
