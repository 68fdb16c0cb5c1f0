import { patroniOwn, patroniRestart, role, t } from 'provision'
import { mustKnow, patroniOf } from './sheets/members.ts'
import { standbyBound } from './sheets/postgres.ts'

/** PostgreSQL restarted where it waits for that, or everywhere: what `provision restart` runs. */
export default role({
  name: 'restart',
  vars: t.Object({
    hosts: t.Array(t.String(), { default: [], description: '`provision restart` sets it for its run.' }),
    force: t.Optional(
      t.String({
        format: 'date-time',
        description:
          'Restart every server that was started before it; default: only those that wait for a restart.',
      }),
    ),
  }),
  facts: { own: patroniOwn },
  resources({ vars, facts, host, hosts }) {
    mustKnow(hosts, vars.hosts)
    if (!vars.hosts.includes(host.name)) return []
    const startedAt = facts.own?.startedAt
    const isOld = vars.force !== undefined && Date.parse(startedAt ?? '') < Date.parse(vars.force)
    // What a standby must not have less of than its primary is lowered on the primary first.
    const lowered = hosts
      .flatMap((h) => Object.entries(h.facts.own?.pending ?? {}))
      .some(
        ([name, { old_value, new_value }]) =>
          standbyBound.includes(name) && Number(new_value) < Number(old_value),
      )
    return patroniRestart({ ...patroniOf(host), ...(isOld ? { startedAt } : {}), leaderFirst: lowered })
  },
})
