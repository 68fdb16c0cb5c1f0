import { playbook } from 'provision'
import * as down from '../roles/all-down.ts'
import site from './site.ts'

/**
 * All hosts were off and are on again: what `provision dr all-down` runs. It waits for each part in the order in which
 * they need each other; then all that every run checks must hold.
 */
export default playbook(
  'dr-all-down',
  { phase: 'all-down', name: 'Docker', on: 'all', roles: [down.docker] },
  { phase: 'all-down', name: 'the swarm', on: 'all', roles: [down.swarm] },
  { phase: 'all-down', name: 'etcd', on: 'all', roles: [down.etcd] },
  { phase: 'all-down', name: 'Patroni', on: 'all', roles: [down.patroni] },
  { phase: 'all-down', name: 'PostgreSQL', on: 'all', roles: [down.server] },
  { phase: 'all-down', name: 'a primary', on: 'all', roles: [down.primary] },
  ...site.plays,
)
