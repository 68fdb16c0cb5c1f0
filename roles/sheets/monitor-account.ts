import { pgRole, role, sql, swarmSecret } from 'provision'
import { monitoring } from './monitoring.ts'
import { monitoringSecrets, sharesOf } from './monitoring-secrets.ts'

/**
 * Before the services of the monitoring, on one host for all: their secrets in the swarm, and the account by which the
 * exporter of PostgreSQL logs in. It may read statistics and nothing else.
 */
export const monitorAccount = role({
  name: 'monitoring',
  vars: monitoring.vars,
  secrets: monitoringSecrets,
  resources({ vars, secrets, host }) {
    if (vars.hosts.length === 0) return []
    const via = `postgres-${host.name}`
    return [
      sharesOf(secrets).map((value) => swarmSecret(value.name, value)),
      pgRole('monitor', { via, password: secrets.monitor, isPinned: true }),
      sql('monitor may read statistics', {
        via,
        holds:
          "EXISTS (SELECT FROM pg_catalog.pg_roles r JOIN pg_catalog.pg_auth_members m ON m.member = r.oid WHERE r.rolname = 'monitor' AND r.rolconnlimit = 10 AND m.roleid = 'pg_monitor'::pg_catalog.regrole)",
        run: 'GRANT pg_monitor TO monitor; ALTER ROLE monitor CONNECTION LIMIT 10;',
      }),
    ]
  },
})
