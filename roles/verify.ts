import { clientPsql, type Host, precondition, role, type Script, sh, t } from 'provision'
import cluster from './cluster.ts'
import { imageVars } from './sheets/images.ts'
import { etcdLook, postgresLook, swarmLook } from './sheets/looks.ts'
import { ruvectorVerdict } from './sheets/ruvector.ts'
import { hasVote, votersOf } from './sheets/voters.ts'

/** What must hold of a finished cluster, seen from every host. The testing checklist of docs/deployment-plan.md. */
export default role({
  name: 'verify',
  vars: t.Object({}),
  shared: { cluster, images: imageVars },
  resources({ shared, host, hosts }) {
    const { vip } = shared.cluster
    const voters = votersOf(hosts, shared.cluster)
    const alive = (look: string, members = String(hosts.length)) =>
      sh`said=$(eval ${look}); printf '%s\n' "$said"; printf '%s\n' "$said" | grep -Eq ${`^alive [a-z]+ ${members}$`}`
    return [
      precondition('swarm', {
        needs: `this manager answers; ${hosts.length} in all`,
        measure: alive(swarmLook),
        next: 'provision status; docker node ls on the host',
      }),
      hasVote(host, voters) &&
        precondition('etcd', {
          needs: `this member has a leader; ${voters.length} in all`,
          measure: alive(etcdLook, String(voters.length)),
          next: 'docs/deployment-plan.md, etcd',
        }),
      precondition('postgres', {
        needs: `primary, or streaming; ${hosts.length} in all`,
        measure: alive(postgresLook(host)),
        next: 'docs/deployment-plan.md, PostgreSQL',
      }),
      precondition('write through the VIP', {
        needs: 'a transaction on the primary, certificate verified',
        measure: ask(host, vip, 5432, 'verify-full', 'SELECT pg_catalog.pg_current_xact_id()', '^[0-9]+$'),
        next: 'provision status says how far a client comes',
      }),
      precondition('read through the VIP', {
        needs: 'a standby on port 5433',
        measure: ask(host, vip, 5433, 'verify-full', 'SELECT pg_catalog.pg_is_in_recovery()', '^t$'),
        next: 'are the standbys streaming, and within haproxy.replicaLag?',
      }),
      precondition('unencrypted login', {
        needs: 'refused',
        measure: refused(host, vip, 'disable', '/run/provision/tls/ca.crt'),
        next: 'client_tls_sslmode of PgBouncer must be require',
      }),
      precondition('foreign authority', {
        needs: 'refused by the client',
        measure: refused(host, vip, 'verify-full', '/etc/ssl/certs/ca-certificates.crt'),
        next: 'the certificate must come from the own authority only',
      }),
      precondition('etcd without a certificate', {
        needs: 'refused',
        measure: sh`if curl -skf --noproxy '*' --max-time 5 https://${host.address}:2379/health >/dev/null; then echo answered; exit 1; else echo refused; fi`,
        next: 'client-cert-auth of etcd must be true',
      }),
      precondition("Patroni's REST without credentials", {
        needs: 'takes no change',
        measure: sh`c=$(curl -sk --noproxy '*' -o /dev/null -w '%{http_code}' --max-time 5 -X PATCH -d '{}' https://${host.address}:8008/config); echo "$c"; case $c in 401|403) ;; *) exit 1 ;; esac`,
        next: 'restapi.authentication and verify_client of Patroni',
      }),
      shared.images.ruvector
        ? precondition("RuVector's index", {
            level: 'warning',
            needs: 'all pages in WAL, right answers',
            measure: ruvectorVerdict(`postgres-${host.name}`),
            next: 'its databases are for exact scans only; take pgvector where an index is needed',
          })
        : [],
    ]
  },
})

/** A question by the pooler's own account, in the cluster's own database: it owns nothing. */
function psql(
  host: Host,
  vip: string,
  port: number,
  mode: string,
  authority: string,
  question: string,
): Script {
  const target = `host=${vip} port=${port} dbname=postgres user=pgbouncer sslmode=${mode} sslrootcert=${authority} connect_timeout=5`
  const asked = clientPsql(`postgres-${host.name}`, target, ['-At', '-c', question])
  return sh`{ cat /etc/provision/secrets/pg-pooler; echo; } | ${asked}`
}

function ask(
  host: Host,
  vip: string,
  port: number,
  mode: string,
  question: string,
  expected: string,
): Script {
  return sh`said=$( ${psql(host, vip, port, mode, '/run/provision/tls/ca.crt', question)} 2>&1 | tail -n 1); printf '%s\n' "$said"; printf '%s\n' "$said" | grep -Eq ${expected}`
}

function refused(host: Host, vip: string, mode: string, authority: string): Script {
  return sh`if ${psql(host, vip, 5432, mode, authority, 'SELECT 1')} >/dev/null 2>&1; then echo accepted; exit 1; else echo refused; fi`
}
