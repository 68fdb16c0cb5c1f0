import { playbook, role, t } from 'provision'

/** Looks, and wants nothing: for tests of connections. */
const nothing = role({ name: 'nothing', vars: t.Object({}), resources: () => [] })
export default playbook('nothing', { name: 'nothing', on: 'all', roles: [nothing] })
