import { file, type Host, precondition, type Resources, sh, t, template } from 'provision'
import { hasBackups, type Repository, sharedFolder } from './backup.ts'

// pgBackRest's files on a host, and PostgreSQL's way to it. Where backups go, when, and with which keys: backup.ts.

const configuration = template(
  'postgres/pgbackrest.conf.hbs',
  t.Object({
    s3: t.Boolean(),
    bucket: t.String(),
    endpoint: t.String(),
    region: t.String(),
    port: t.Integer(),
    uriStyle: t.String(),
    authority: t.Boolean(),
    sftp: t.Boolean(),
    sftpHost: t.String(),
    user: t.String(),
    folder: t.String(),
    keepFull: t.Integer(),
    keepDiff: t.Integer(),
    processes: t.Integer(),
    queueMb: t.Integer(),
    address: t.String(),
    scope: t.String(),
    others: t.Array(
      t.Object({ number: t.Integer(), name: t.String(), address: t.String(), scope: t.String() }),
    ),
  }),
)

/** pgBackRest makes no backup unless `archive_command` has its name in it. */
const pushWal = '/etc/provision/postgres/pgbackrest-push'
/** A standby's way to the repository, for Patroni's `restore_command`. */
export const restoreWal = '/etc/provision/postgres/pgbackrest-get'

const pushScript = template(
  'postgres/pgbackrest-push.hbs',
  t.Object({ scope: t.String(), queueMb: t.Integer() }),
)
const restoreScript = template('postgres/pgbackrest-get.hbs', t.Object({ scope: t.String() }))

/** What PostgreSQL runs to give WAL to the repository, and to have it from there. */
export function walScripts(scope: string, walVolumeGb: number): Resources {
  return [
    file(pushWal, { content: pushScript({ scope, queueMb: queueMb(walVolumeGb) }), mode: '0755' }),
    file(restoreWal, { content: restoreScript({ scope }), mode: '0755' }),
  ]
}

/** WAL that may wait for the store, in MiB: half of its volume. */
const queueMb = (walVolumeGb: number) => walVolumeGb * 512

/** pgBackRest's configuration on a host: itself first, the others by its own TLS server. */
export function pgbackrestConf(
  vars: Repository & { readonly keepFull: number; readonly keepDiff: number; readonly processes: number },
  at: {
    readonly scope: string
    readonly host: Host
    readonly hosts: readonly Host[]
    readonly walVolumeGb: number
  },
): string {
  const { s3, sftp } = vars
  const { scope, host, hosts } = at
  return configuration({
    ...vars,
    s3: s3 !== undefined,
    bucket: s3?.bucket ?? '',
    endpoint: s3?.endpoint ?? '',
    region: s3?.region ?? '',
    port: s3?.port ?? sftp?.port ?? 0,
    uriStyle: s3?.uriStyle ?? '',
    authority: s3?.authority !== undefined,
    sftp: sftp !== undefined,
    sftpHost: sftp?.host ?? '',
    user: sftp?.user ?? '',
    folder: vars.folder ?? `/${scope}`,
    queueMb: queueMb(at.walVolumeGb),
    address: host.address,
    scope,
    others: hosts
      .filter((h) => h.name !== host.name)
      .map(({ name, address }, i) => ({ number: i + 2, name, address, scope })),
  })
}

/** PostgreSQL's parameters for the archive. It is on without a repository, too: only `archive_command` needs no restart. */
export function archiveParameters(vars: Repository & { readonly archiveTimeout: number }) {
  return hasBackups(vars)
    ? {
        archive_mode: 'on',
        archive_command: `${pushWal} %p`,
        archive_timeout: `${vars.archiveTimeout}s`,
      }
    : { archive_mode: 'on', archive_command: '/bin/true', archive_timeout: '0' }
}

/** The server's keys, as OpenSSH keeps them; a port of its own stands beside the name in brackets. */
export function knownHosts({ host, port, hostKeys }: NonNullable<Repository['sftp']>): string {
  const name = port === 22 ? host : `[${host}]:${port}`
  return hostKeys.map((key) => `${name} ${key}\n`).join('')
}

/**
 * A folder that is not there leaves PostgreSQL without a container, and one on the host's own disk is no backup. What its
 * container has already is not asked for again: a share that hangs must hold up no repair.
 */
export function folderMounted(repository: Repository, service: string) {
  const folder = sharedFolder(repository)
  if (!folder) return []
  return precondition('folder of the backups', {
    needs: 'a file system that all hosts share, and the user 5432 may write to',
    measure: sh`docker service inspect ${service} --format '{{range .Spec.TaskTemplate.ContainerSpec.Mounts}}{{println .Source}}{{end}}' 2>/dev/null | grep -qxF ${folder} && echo 'PostgreSQL has it' && exit
on=$(timeout -k 1 10 findmnt -nro TARGET -T ${folder}) || { echo ${`there is no ${folder}`}; exit 1; }
[ "$on" != / ] || { echo ${`${folder} lies on the host's own disk`}; exit 1; }
timeout -k 1 10 setpriv --reuid 5432 --regid 5432 --clear-groups test -w ${folder} || { echo ${`the user 5432 may not write to ${folder}`}; exit 1; }
echo "mounted at $on"`,
    next: `mount it at ${folder} on all hosts, and give it to 5432:5432`,
  })
}
