import { playbook } from 'provision'
import prepare from './prepare.ts'
import stack from './stack.ts'

/** Everything, from bare hosts to the cluster: what `provision --inventory FILE` runs. */
export default playbook('site', ...prepare.plays, ...stack.plays)
