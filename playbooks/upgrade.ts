import { playbook } from 'provision'
import quorums from '../roles/quorums.ts'
import upgrade from '../roles/upgrade.ts'
import stack from './stack.ts'

/**
 * Newer packages, then a new edition of the images: what `provision upgrade` runs. One host at a time, also where nothing
 * is interrupted: a package that is broken must not break all of them.
 */
export default playbook(
  'upgrade',
  { phase: 'packages', name: 'packages', on: 'all', roles: [quorums, upgrade], rolling: 1 },
  ...stack.plays,
)
