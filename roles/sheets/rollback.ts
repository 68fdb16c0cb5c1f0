import { command, noSwarm, noSwarmService, type Resources, role, service, sh, t } from 'provision'
import cluster from '../cluster.ts'
import { monitoringParts } from './monitoring.ts'

const vars = t.Object({
  destroyData: t.Boolean({ default: false, description: 'Also delete what the phase keeps on the hosts.' }),
})

/** Takes a part of the stack back on a host. Data stays, unless that is asked for expressly. */
function undo(
  resources: (scene: {
    readonly name: string
    readonly scope: string
    readonly destroys: boolean
  }) => Resources,
) {
  return role({
    name: 'rollback',
    vars,
    shared: { cluster },
    resources: ({ vars, shared, host }) =>
      resources({ name: host.name, scope: shared.cluster.scope, destroys: vars.destroyData }),
  })
}

export const monitoring = undo(({ name }) => [
  ['provision-node-exporter', 'provision-metrics'].map((unit) =>
    service(unit, { enabled: false, running: false }),
  ),
  monitoringParts.map((part) => noSwarmService(`${part}-${name}`)),
])

/** What is in the repository stays there. WAL goes on to it until the inventory says otherwise. */
export const backup = undo(() =>
  ['backup-full', 'backup-diff', 'backup-incr', 'drill', 'canary'].map((name) =>
    service(`provision-${name}.timer`, { enabled: false, running: false }),
  ),
)

export const proxy = undo(({ name }) => [
  service('keepalived', { enabled: false, running: false }),
  noSwarmService(`haproxy-${name}`),
  noSwarmService(`pgbouncer-${name}`),
])

export const postgres = undo(({ name }) => noSwarmService(`postgres-${name}`))

/** After all members have stopped: while one lives, it would write its keys again. */
export const postgresData = undo(
  ({ scope, destroys }) =>
    destroys && [
      emptied("PostgreSQL's data", ['/var/lib/pg/data/main', '/var/lib/pg/wal/main']),
      command("delete Patroni's keys", {
        run: sh`${allKeys(scope, 'deleterange')} >/dev/null`.text,
        onlyIf: sh`${allKeys(scope, 'range')} | grep -q '"count"'`.text,
        risk: ['data'],
      }),
    ],
)

export const etcd = undo(({ name, destroys }) => [
  noSwarmService(`etcd-${name}`),
  destroys && emptied("etcd's data", ['/var/lib/etcd/member']),
])

export const swarm = undo(() => noSwarm())

function emptied(what: string, folders: readonly string[]) {
  return command(`delete ${what}`, {
    run: sh`rm -rf -- ${folders}`.text,
    onlyIf: folders.map((folder) => sh`[ -e ${folder} ]`.text).join(' || '),
    risk: ['data'],
  })
}

/** A request about all keys of Patroni's scope, by etcd's JSON gateway: keys go in base64, the end is the prefix with its last byte raised. */
export function allKeys(scope: string, verb: 'range' | 'deleterange') {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const body = { key: base64(`/service/${scope}/`), range_end: base64(`/service/${scope}0`) }
  return sh`curl -fK /etc/provision/tls/curl.conf -d ${JSON.stringify(body)} ${`https://127.0.0.1:2379/v3/kv/${verb}`}`
}
