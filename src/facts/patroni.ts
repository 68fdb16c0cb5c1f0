import type { Fact } from '../model/probe.ts'
import type { PatroniCluster } from '../patroni/api.ts'
import { type Script, sh } from '../shell/sh.ts'

/** A page of this host's Patroni; its address stands in its configuration. Nothing where there is none, or no answer. */
function ownPage(path: string): Script {
  return sh`a=$(sed -n 's/^  connect_address: \(.*:8008\)$/\1/p' /etc/provision/postgres/patroni.yml 2>/dev/null); if [ -n "$a" ]; then curl -fK /etc/provision/tls/curl.conf "https://$a${path}" 2>/dev/null; fi; :`
}

/** PostgreSQL's parameters as the cluster has them now (Patroni's dynamic configuration); undefined where none answers. */
export const patroniParameters: Fact<Readonly<Record<string, string | number | boolean>> | undefined> = {
  name: 'patroni-parameters',
  probe: {
    script: ownPage('/config'),
    parse({ stdout }) {
      if (stdout.trim() === '') return undefined
      const { postgresql } = JSON.parse(stdout) as {
        postgresql?: { parameters?: Record<string, string | number | boolean> }
      }
      return postgresql?.parameters ?? {}
    },
  },
}

/** What this host's Patroni says of the cluster; undefined where none answers. */
export const patroniCluster: Fact<PatroniCluster | undefined> = {
  name: 'patroni-cluster',
  probe: {
    script: ownPage('/cluster'),
    parse: ({ stdout }) => (stdout.trim() === '' ? undefined : (JSON.parse(stdout) as PatroniCluster)),
  },
}
