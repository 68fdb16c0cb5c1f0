import { playbook } from 'provision'
import verify from '../roles/verify.ts'

/** The acceptance checks: what `provision verify` measures. It changes nothing. */
export default playbook('verify', { name: 'verify', on: 'all', roles: [verify] })
