import { quorum, role, t } from 'provision'
import {
  etcdHandover,
  etcdLook,
  listenerLook,
  postgresHandover,
  postgresLook,
  swarmLook,
} from './sheets/looks.ts'

/**
 * Who is alive of those that only live together. It changes nothing; it is what the engine counts before a role takes
 * a member down, so it belongs into every playbook that may restart anything.
 */
export default role({
  name: 'quorums',
  vars: t.Object({}),
  resources({ host }) {
    return [
      quorum('swarm', { look: swarmLook }),
      quorum('etcd', { look: etcdLook, handover: etcdHandover }),
      quorum('postgres', {
        look: postgresLook(host),
        handover: postgresHandover(host),
        backWithinSeconds: 300,
      }),
      quorum('pooler', { look: listenerLook(`pgbouncer-${host.name}`, 6432) }),
      quorum('proxy', { look: listenerLook(`haproxy-${host.name}`, 8404) }),
    ]
  },
})
