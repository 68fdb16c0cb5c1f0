import { playbook } from 'provision'
import { handedOver, looked, mended } from '../roles/corrupt.ts'
import quorums from '../roles/quorums.ts'

/** A member's data is damaged: what `provision dr corrupt HOST` runs. */
export default playbook(
  'dr-corrupt',
  { name: 'what is damaged, and what is sound', on: 'all', roles: [quorums, looked] },
  { name: 'a sound member leads', on: 'all', roles: [handedOver] },
  { name: 'the damaged one is made anew', on: 'all', roles: [mended] },
)
