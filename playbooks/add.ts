import { playbook } from 'provision'
import newcomer from '../roles/newcomer.ts'
import quorums from '../roles/quorums.ts'
import site from './site.ts'

/** One more host: what `provision add HOST` runs. The way is that of every run, after a look at whether the others can bear it. */
export default playbook(
  'add',
  { phase: 'add', name: 'a new machine', on: 'all', roles: [quorums, newcomer] },
  ...site.plays,
)
