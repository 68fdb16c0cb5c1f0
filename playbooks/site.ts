import { playbook } from 'provision'
import prepare from './prepare.ts'

/** Everything: what `provision --inventory FILE` runs. */
export default playbook('site', ...prepare.plays)
