import { playbook } from 'provision'
import newcomer from '../roles/newcomer.ts'
import quorums from '../roles/quorums.ts'
import site from './site.ts'

/** A new machine for a host that died: what `provision replace HOST` runs. The way is that of every run, with one play before it. */
export default playbook(
  'replace',
  { phase: 'replace', name: 'the dead machine is forgotten', on: 'all', roles: [quorums, newcomer] },
  ...site.plays,
)
