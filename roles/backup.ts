import {
  check,
  command,
  containerOf,
  file,
  hasOwnSchema,
  ownSchemaStatement,
  pinOptions,
  privilegedExec,
  role,
  sh,
  sql,
  t,
  template,
} from 'provision'
import cluster from './cluster.ts'
import { backupScript, backupVars, hasBackups, sharedFolder } from './sheets/backup.ts'
import { imageFacts, imageSet, imageVars } from './sheets/images.ts'
import { oneshot, timer } from './sheets/timers.ts'

/** Which repository this host has seen made. */
const note = '/var/lib/provision/backup-repository'

const script = template(
  'backup/provision-backup.sh.hbs',
  t.Object({
    name: t.String(),
    address: t.String(),
    scope: t.String(),
    image: t.String(),
    folder: t.String(),
    /** What sessions of the superuser are given (src/postgres/session.ts). */
    pins: t.String(),
    /** Seconds. */
    backupAgeLimit: t.Integer(),
    drillAgeLimit: t.Integer(),
  }),
)

/**
 * Backups on a schedule, and restores that prove them. Every host has all of it: who makes the next one is decided when
 * it is due, a standby where one streams.
 */
export default role({
  name: 'backup',
  vars: backupVars.vars,
  facts: imageFacts,
  shared: { cluster, images: imageVars },
  resources({ vars, shared, host, hosts }) {
    if (!hasBackups(vars)) return []
    const { scope } = shared.cluster
    const { name, address } = host
    const image = imageSet(shared.images, hosts).postgres.tag
    const settings = (unit: string, when: string) => ({
      Unit: `${unit}.service`,
      OnCalendar: when,
      RandomizedDelaySec: vars.delayMinutes * 60,
      AccuracySec: '1s',
      Persistent: vars.delayMinutes > 0,
    })
    return [
      file(backupScript, {
        content: script({
          name,
          address,
          scope,
          image,
          folder: sharedFolder(vars) ?? '',
          pins: pinOptions,
          backupAgeLimit: vars.alertAfterHours * 3600,
          drillAgeLimit: vars.drillAlertAfterDays * 86_400,
        }),
        mode: '0755',
      }),
      oneshot('backup', 'provision-backup@', `${backupScript} run %i`),
      (['full', 'diff', 'incr'] as const).map((type) =>
        timer('backup', `provision-backup-${type}`, settings(`provision-backup@${type}`, vars[type])),
      ),
      oneshot('backup', 'provision-drill', `${backupScript} drill`),
      timer('backup', 'provision-drill', settings('provision-drill', vars.drill)),
      oneshot('backup', 'provision-canary', `${backupScript} canary`),
      timer('backup', 'provision-canary', {
        ...settings('provision-canary', '*-*-* *:*:00'),
        RandomizedDelaySec: 0,
        Persistent: false,
      }),
    ]
  },
})

/** Once in the cluster: the repository has a backup and all WAL behind it, and WAL reaches it. */
export const repository = role({
  name: 'backup',
  vars: backupVars.vars,
  shared: { cluster },
  resources({ vars, shared, host }) {
    // Where archiving begins anew one day, WAL is missing in between.
    if (!hasBackups(vars)) return file(note, { ensure: 'absent' })
    const own = sh`"$(${containerOf(`postgres-${host.name}`)})"`
    const pgbackrest = sh`docker exec ${own} pgbackrest ${`--stanza=${shared.cluster.scope}`}`
    const isMade = sh`${backupScript} list | jq -e '.[0].status.code == 0' >/dev/null`
    const { s3, sftp, folder } = vars
    const place = [s3?.endpoint, s3?.bucket, sftp?.host, folder ?? shared.cluster.scope].join(' ').trim()
    return [
      sql('canary of the backups', {
        via: `postgres-${host.name}`,
        holds: `pg_catalog.to_regclass('provision.canary') IS NOT NULL AND ${hasOwnSchema('provision')}`,
        run: `${ownSchemaStatement('provision')}
CREATE TABLE IF NOT EXISTS provision.canary (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  lsn pg_lsn NOT NULL DEFAULT pg_catalog.pg_current_wal_insert_lsn());
CREATE INDEX IF NOT EXISTS canary_at ON provision.canary (at);
INSERT INTO provision.canary DEFAULT VALUES;`,
      }),
      command('make the repository, and its first backup', {
        // The primary pushes WAL already, in vain, and holds pgBackRest's lock for moments: exit code 56 from here (no primary), 50 there.
        run: sh`create() {
  for try in $(seq 20); do
    code=0; ${pgbackrest} stanza-create || code=$?
    case $code in 50|56) sleep 3 ;; *) return $code ;; esac
  done
  return $code
}
docker exec ${own} repository-is-ours ${shared.cluster.scope} && { ${isMade} || create; } && ${pgbackrest} check && { ${backupScript} gap || ${backupScript} begin; } && echo ${place} >${note}`
          .text,
        withinSeconds: 420,
        // A store that hangs must hold up no plan: that it was made is known here. That it takes WAL is asked of PostgreSQL.
        unless: sh`[ "$(cat ${note} 2>/dev/null)" = ${place} ]`.text,
      }),
      check(
        'WAL reaches the repository',
        sh`said=$(echo "SELECT coalesce(last_failed_wal, 'one') FROM pg_catalog.pg_stat_archiver WHERE last_failed_time > coalesce(last_archived_time, '-infinity')" | ${privilegedExec(own)} psql-leader -Atq postgres) && [ -z "$said" ] || { echo "it does not take $said: the log of PostgreSQL on the primary says why"; exit 1; }`
          .text,
        { withinSeconds: 120 },
      ),
    ]
  },
})
