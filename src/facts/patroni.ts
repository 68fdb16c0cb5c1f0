import { type Position, type Progress, positionIn } from '../model/position.ts'
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

/** What this host's Patroni says of its own PostgreSQL. */
export interface PatroniOwn {
  /** `primary` or `replica`. */
  readonly role: string | undefined
  /** `running`, `stopped`, … */
  readonly state: string | undefined
  /** How far its WAL goes; undefined where the server does not run. */
  readonly position: Position | undefined
  /** When the server process was started, as Patroni says it. */
  readonly startedAt: string
  /** Parameters that wait for a restart. */
  readonly pending: Readonly<Record<string, { readonly old_value: string; readonly new_value: string }>>
}

/** This host's own PostgreSQL, known without etcd, too; undefined where none answers. */
export const patroniOwn: Fact<PatroniOwn | undefined> = {
  name: 'patroni-own',
  probe: {
    script: ownPage('/patroni'),
    parse({ stdout }) {
      if (stdout.trim() === '') return undefined
      const said = JSON.parse(stdout) as Progress & {
        readonly role?: string
        readonly postmaster_start_time?: string
        readonly pending_restart_reason?: PatroniOwn['pending']
      }
      return {
        role: said.role === 'master' ? 'primary' : said.role,
        state: said.state,
        position: positionIn(said),
        startedAt: said.postmaster_start_time ?? '',
        pending: said.pending_restart_reason ?? {},
      }
    },
  },
}

/**
 * The same, waited for up to a minute where there is data and no position yet: a primary that steps down restarts its server,
 * and until it runs again nobody can say how far it is.
 */
export const patroniSettled: Fact<PatroniOwn | undefined> = {
  name: 'patroni-settled',
  withinSeconds: 120,
  probe: {
    ...patroniOwn.probe,
    script: sh`end=$(($(date +%s) + 60)); while page=$(${ownPage('/patroni')}); do
  case $page in *'"state": "running"'*'"xlog"'*) break ;; esac
  [ -e /var/lib/pg/data/main/global/pg_control ] && [ "$(date +%s)" -lt "$end" ] || break
  sleep 1
done; printf %s "$page"`,
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
