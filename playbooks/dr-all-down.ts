import { playbook } from 'provision'
import * as down from '../roles/all-down.ts'

/**
 * All hosts were off and are on again: what `provision dr all-down` runs. It waits for each part in the order in which
 * they need each other. The command then runs `site`, by a plan that is made when all are there.
 */
export default playbook(
  'dr-all-down',
  { name: 'Docker', on: 'all', roles: [down.docker] },
  { name: 'the swarm', on: 'all', roles: [down.swarm] },
  { name: 'etcd', on: 'all', roles: [down.etcd] },
  { name: 'Patroni', on: 'all', roles: [down.patroni] },
  { name: 'PostgreSQL', on: 'all', roles: [down.server] },
  { name: 'a primary', on: 'all', roles: [down.primary] },
  { name: 'the standbys', on: 'all', roles: [down.healthy] },
)
