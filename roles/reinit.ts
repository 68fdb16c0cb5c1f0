import {
  command,
  copySeconds,
  type Host,
  patroniCluster,
  patroniRequest,
  precondition,
  role,
  sh,
  t,
} from 'provision'
import { mustKnow, patroniOf } from './sheets/members.ts'

/** A standby that is made anew from the others: what `provision reinit` runs. */
export default role({
  name: 'reinit',
  vars: t.Object({ host: t.Optional(t.String({ description: '`provision reinit` sets it for its run.' })) }),
  facts: { cluster: patroniCluster, made: madeAt() },
  resources({ vars, facts, host, hosts }) {
    mustKnow(hosts, [vars.host])
    if (host.name !== vars.host) return []
    const seen = hosts.map((h) => h.facts.cluster).find((view) => view !== undefined)
    const leader = seen?.members.find((m) => m.role === 'leader')?.name
    return [
      precondition('a standby to make anew', {
        needs: 'a primary, on another host',
        found: {
          holds: leader !== undefined && leader !== host.name,
          measured: leader === undefined ? 'nobody leads' : `${leader} leads`,
        },
        next: 'a primary is not thrown away: provision switchover first',
      }),
      madeAnew(host, facts.made),
    ]
  },
})

/** Patroni throws the member's data away, and clones it. `made`: which data it is now, so that it is done once. */
export function madeAnew(host: Host, made: string) {
  const { url, via } = patroniOf(host)
  const request = patroniRequest(via, 'POST', `${url}/reinitialize`, '{"force": true}', 60)
  return command('make the standby anew', {
    // Until its data is another directory than the one that was there, and it streams.
    run: sh`a=$(${request}); case $a in *200) ;; *) printf '%s\n' "$a" >&2; exit 1 ;; esac
  end=$(($(date +%s) + ${copySeconds})); until [ "$(stat -c %i /var/lib/pg/data/main/PG_VERSION 2>/dev/null)" != ${made} ] && curl -K /etc/provision/tls/curl.conf ${`${url}/patroni`} | grep -q '"replication_state": *"streaming"'; do [ "$(date +%s)" -lt "$end" ] || { echo 'it does not stream after twelve hours' >&2; exit 1; }; sleep 1; done`
      .text,
    onlyIf: sh`[ "$(stat -c %i /var/lib/pg/data/main/PG_VERSION 2>/dev/null)" = ${made} ]`.text,
    withinSeconds: copySeconds + 60,
    interrupts: ['postgres'],
    risk: ['restart', 'data'],
  })
}

/** Which data directory it is: another one after it was made anew. */
export function madeAt() {
  return {
    name: 'postgres-data',
    probe: {
      script: sh`stat -c %i /var/lib/pg/data/main/PG_VERSION 2>/dev/null || echo none`,
      parse: ({ stdout }: { readonly stdout: string }) => stdout.trim(),
    },
  }
}
