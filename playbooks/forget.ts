import { playbook } from 'provision'
import forget from '../roles/forget.ts'
import quorums from '../roles/quorums.ts'
import site from './site.ts'

/** The others forget a host that has left, and go on without it: the second half of `provision remove`. */
export default playbook(
  'forget',
  { phase: 'forget', name: 'the others forget it', on: 'all', roles: [quorums, forget] },
  ...site.plays,
)
