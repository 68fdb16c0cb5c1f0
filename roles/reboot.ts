import { bootedAt, bootId, reboot, role, sh, t } from 'provision'
import { everything, mustKnow } from './sheets/members.ts'

/** Hosts that are to boot anew: one after the other, leaders last and after they have handed over. */
export default role({
  name: 'reboot',
  vars: t.Object({
    hosts: t.Array(t.String(), { default: [], description: '`provision reboot` sets it for its run.' }),
    since: t.Optional(
      t.String({
        format: 'date-time',
        description: 'Hosts that have booted after it are done: a run that is taken over.',
      }),
    ),
  }),
  facts: { bootId, bootedAt },
  resources({ vars, facts, host, hosts }) {
    mustKnow(hosts, vars.hosts)
    if (!vars.hosts.includes(host.name)) return []
    const since = vars.since === undefined ? Number.POSITIVE_INFINITY : Date.parse(vars.since) / 1000
    if ((facts.bootedAt ?? 0) > since) return []
    return reboot('now', {
      when: sh`[ "$(cat /proc/sys/kernel/random/boot_id)" = ${facts.bootId} ]`.text,
      interrupts: everything,
    })
  },
})
