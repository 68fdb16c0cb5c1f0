import { playbook } from 'provision'
import quorums from '../roles/quorums.ts'
import { aside, backedUp, followed, forgotten, leads } from '../roles/restore.ts'
import site from './site.ts'

/** The whole cluster goes back to what the repository has: what `provision restore --cluster` runs. */
export default playbook(
  'restore-cluster',
  { phase: 'restore', name: 'what is there is set aside', on: 'all', roles: [quorums, aside] },
  { phase: 'restore', name: 'the old cluster is forgotten', on: 'all', roles: [forgotten] },
  { phase: 'restore', name: 'one restores, and leads', on: 'all', roles: [leads] },
  { phase: 'restore', name: 'the others are made from it', on: 'all', roles: [followed] },
  ...site.plays,
  { phase: 'restore', name: 'its first backup', on: 'all', roles: [backedUp] },
)
