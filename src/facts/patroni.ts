import type { Fact } from '../model/probe.ts'
import { sh } from '../shell/sh.ts'

/** PostgreSQL's parameters as the cluster has them now (Patroni's dynamic configuration); undefined where none answers. */
export const patroniParameters: Fact<Readonly<Record<string, string | number | boolean>> | undefined> = {
  name: 'patroni-parameters',
  probe: {
    script: sh`a=$(sed -n 's/^  connect_address: \(.*:8008\)$/\1/p' /etc/provision/postgres/patroni.yml 2>/dev/null); if [ -n "$a" ]; then curl -fK /etc/provision/tls/curl.conf "https://$a/config" 2>/dev/null; fi; :`,
    parse({ stdout }) {
      if (stdout.trim() === '') return undefined
      const { postgresql } = JSON.parse(stdout) as {
        postgresql?: { parameters?: Record<string, string | number | boolean> }
      }
      return postgresql?.parameters ?? {}
    },
  },
}
