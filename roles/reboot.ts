import { bootId, reboot, role, sh, t } from 'provision'
import { mustKnow } from './sheets/members.ts'

/** Hosts that are to boot anew: one after the other, leaders last and after they have handed over. */
export default role({
  name: 'reboot',
  vars: t.Object({
    hosts: t.Array(t.String(), { default: [], description: '`provision reboot` sets it for its run.' }),
  }),
  facts: { bootId },
  resources({ vars, facts, host, hosts }) {
    mustKnow(hosts, vars.hosts)
    if (!vars.hosts.includes(host.name)) return []
    return reboot('now', {
      when: sh`[ "$(cat /proc/sys/kernel/random/boot_id)" = ${facts.bootId} ]`.text,
      interrupts: ['swarm', 'etcd', 'postgres', 'pooler', 'proxy'],
    })
  },
})
