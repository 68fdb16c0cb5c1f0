import { onlySecrets, role, secretName } from 'provision'
import { monitoring } from './monitoring.ts'
import { monitoringSecrets, sharesOf } from './monitoring-secrets.ts'

/** Secrets of the monitoring from before a rotation, when no service of any host has them any more. */
export const monitorLeftovers = role({
  name: 'monitoring',
  vars: monitoring.vars,
  secrets: monitoringSecrets,
  resources({ vars, secrets, host, hosts }) {
    // Switched off: its services still have them, until a run with --prune takes both away.
    if (vars.hosts.length === 0 || host.name !== hosts[0]?.name) return []
    return onlySecrets('monitoring', {
      bases: ['monitoring-web', 'pg-monitor', 'monitoring-webhook', 'monitoring-deadman'],
      keep: sharesOf(secrets).map((value) => secretName(value.name, value)),
    })
  },
})
