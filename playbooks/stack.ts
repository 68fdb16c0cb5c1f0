import { playbook } from 'provision'
import swarm from '../roles/swarm.ts'

/** The stack, phase by phase. Each phase ends in a check that must hold before the next begins. */
export default playbook('stack', { name: '1 swarm', on: 'all', roles: [swarm], tags: ['swarm'] })
