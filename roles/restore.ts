import {
  check,
  command,
  containerOf,
  file,
  type Peer,
  pinOptions,
  precondition,
  type Resources,
  role,
  serviceGone,
  sh,
  sharedVars,
  swarmService,
  t,
} from 'provision'
import cluster from './cluster.ts'
import { backupScript, backupVars } from './sheets/backup.ts'
import { imageFacts, imageSet, imageVars } from './sheets/images.ts'
import { etcdLook, postgresBusy, swarmLook } from './sheets/looks.ts'
import { mustKnow, patroniOf } from './sheets/members.ts'
import { alive } from './sheets/others.ts'
import { allKeys } from './sheets/rollback.ts'
import { clusterSecrets } from './sheets/secrets.ts'
import { postgresService } from './sheets/services.ts'

const vars = t.Object({
  at: t.Optional(
    t.String({
      pattern: '^[0-9TZ-]+$',
      description:
        'When it was asked for, as 2027-01-31T03-00-00Z: `provision restore --cluster` sets it for its run. What was there is set aside under this name.',
    }),
  ),
  type: t.Union([t.Literal('latest'), t.Literal('time'), t.Literal('lsn'), t.Literal('name')], {
    default: 'latest',
  }),
  value: t.String({ default: '', pattern: '^[\\w :/.+-]*$' }),
  toGap: t.Boolean({
    default: false,
    description: 'Where WAL is missing in the repository, `latest` may end there.',
  }),
  on: t.Optional(t.String({ description: 'Who restores, and leads. Default: the first host.' })),
})

export default sharedVars('restore', vars)

/** Patroni reads it beside its own file, as long as it is there: how a cluster that has no data yet comes by some. */
const method = '/etc/provision/postgres/restore.yml'

const whereLost =
  'provision status says what is wrong; where etcd is lost, too: provision dr etcd-lost comes first'

interface Scene {
  readonly at: string
  readonly target: { readonly type: string; readonly value: string }
  readonly toGap: boolean
  readonly scope: string
  readonly host: Peer<{ readonly tags: readonly string[] }>
  readonly isFirst: boolean
  /** Who restores, and leads. */
  readonly chosen: Peer<{ readonly tags: readonly string[] }>
  service(): ReturnType<typeof postgresService>
}

/** A part of the procedure, on one host; nothing of it where the command did not ask for it. */
function part(resources: (scene: Scene) => Resources) {
  return role({
    name: 'restore',
    vars,
    facts: imageFacts,
    shared: { cluster, images: imageVars, backup: backupVars },
    secrets: clusterSecrets,
    resources({ vars: { at, type, value, toGap, on }, shared, secrets, host, hosts }) {
      mustKnow(hosts, [on])
      const own = hosts.find((h) => h.name === host.name)
      const chosen = hosts.find((h) => h.name === (on ?? hosts[0]?.name))
      if (at === undefined || !own || !chosen) return []
      return resources({
        at,
        target: { type, value },
        toGap,
        scope: shared.cluster.scope,
        host: own,
        isFirst: host.name === hosts[0]?.name,
        chosen,
        service: () =>
          postgresService(
            { host, images: imageSet(shared.images, hosts), tls: secrets.tls },
            secrets,
            shared.backup,
          ),
      })
    },
  })
}

/** What is there is stopped and set aside, on all hosts, before anything of the repository comes. It is never deleted. */
export const aside = part(({ at, scope, host, isFirst, target, toGap }) => {
  const to = `/var/lib/pg/before-${at}`
  const service = `postgres-${host.name}`
  return [
    alive('etcd', etcdLook, host, whereLost),
    alive('swarm', swarmLook, host, whereLost),
    isFirst &&
      precondition('a backup', {
        needs: 'a repository with a backup in it',
        measure: sh`${backupScript} list | jq -er '.[0] | if .status.code == 0 then "newest: \(.backup | last | .label)" else error(.status.message) end'`,
        next: 'provision backup list says what there is',
      }),
    isFirst &&
      target.type === 'latest' &&
      !toGap &&
      precondition('all WAL', {
        needs: 'all WAL behind the newest backup: "latest" would end before the first that is missing',
        measure: sh`${backupScript} gap 2>&1 && echo 'all is there'`,
        next: 'take back what can be had: --set restore.toGap=true',
      }),
    command(`stop PostgreSQL, and set its data aside, in ${to}`, {
      // A primary that lives archives what it has not yet. Then it stops in order.
      run: sh`${containerOf(service)} | while read -r id; do docker exec "$id" sh -c ${archived(scope)} || :; done >/dev/null 2>&1
${serviceGone(service, 150)}
docker ps -q --filter name=breakglass-postgres | grep -q . && { echo 'PostgreSQL runs outside the swarm: provision-breakglass stop postgres' >&2; exit 1; }
rm -rf /var/lib/pg/spool/archive; mkdir -p -m 0700 ${`${to}.new`} && for part in data wal; do [ ! -e /var/lib/pg/$part/main ] || mv -T /var/lib/pg/$part/main ${`${to}.new`}/$part || exit 1; done
mv -T ${`${to}.new`} ${to} && sync -f ${to}`.text,
      unless: sh`[ -e ${to} ]`.text,
      risk: ['data'],
    }),
  ]
})

/** Patroni forgets the old cluster, and is told how the new one comes by its data. */
export const forgotten = part(({ at, scope, isFirst, host, chosen, target }) => {
  const mark = `/var/lib/provision/restore-${at}`
  return [
    isFirst &&
      command("delete Patroni's keys", {
        run: sh`${allKeys(scope, 'deleterange')} >/dev/null && : >${mark}`.text,
        unless: sh`[ -e ${mark} ]`.text,
        risk: ['data'],
      }),
    host.name === chosen.name &&
      command('tell Patroni where its data comes from', {
        run: sh`printf %s ${bootstrap(scope, target)} >${method} && : >${`${mark}.told`}`.text,
        unless: sh`[ -e ${`${mark}.told`} ]`.text,
      }),
  ]
})

/** One restores and leads; only then the others may come. */
export const leads = part(({ host, chosen, service }) => {
  if (host.name !== chosen.name) return []
  const { url } = patroniOf(host)
  return [
    swarmService(service()),
    check(
      `${host.name} leads with what was restored`,
      sh`[ "$(curl -K /etc/provision/tls/curl.conf -o /dev/null -w '%{http_code}' ${`${url}/primary`})" = 200 ] || { echo ${`${host.name} is still restoring: docker service logs postgres-${host.name}`}; exit 1; }`
        .text,
      { withinSeconds: 600, busy: postgresBusy(host) },
    ),
    file(method, { ensure: 'absent' }),
  ]
})

/** The others find a leader, and are made from it; that all stream is waited for by what every run does. */
export const followed = part(
  ({ host, chosen, service }) => host.name !== chosen.name && swarmService(service()),
)

/** The old backups are of the old history: the new one begins with one of its own. */
export const backedUp = part(({ at, isFirst }) => {
  const mark = `/var/lib/provision/restore-${at}.backup`
  return (
    isFirst &&
    command('a full backup of what was restored', {
      run: sh`${backupScript} begin && : >${mark}`.text,
      unless: sh`[ -e ${mark} ]`.text,
    })
  )
})

function archived(scope: string): string {
  return sh`[ "$(PGOPTIONS=${pinOptions} psql -XAt -h /run/postgresql -U postgres postgres -c 'SELECT pg_catalog.pg_is_in_recovery()')" = f ] && pgbackrest ${`--stanza=${scope}`} --archive-timeout=30 check`
    .text
}

function bootstrap(scope: string, { type, value }: Scene['target']): string {
  const target = type === 'latest' ? '' : ` ${type} '${value}'`
  return `# Written by provision restore --cluster, for as long as it lasts.
bootstrap:
  method: repository
  repository:
    command: restore-data ${scope}${target}
    keep_existing_recovery_conf: true
    no_params: true
`
}
