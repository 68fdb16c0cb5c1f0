import { given, InputError, password, type Secret, type SecretSpec, sharedVars, t } from 'provision'

/** What the timers run, and the commands. */
export const backupScript = '/usr/local/sbin/provision-backup'

const s3 = t.Object({
  bucket: t.String({ minLength: 1 }),
  endpoint: t.String({ minLength: 1, description: 'Host name or address, without https://.' }),
  region: t.String({ default: 'us-east-1' }),
  port: t.Integer({ default: 443, minimum: 1, maximum: 65535 }),
  uriStyle: t.Union([t.Literal('host'), t.Literal('path')], {
    default: 'host',
    description: 'path: for most servers that are not Amazon.',
  }),
  authority: t.Optional(
    t.String({
      pattern: '^-----BEGIN CERTIFICATE-----',
      description: "The server's authority in PEM, where it is none that Debian knows.",
    }),
  ),
})

const when = (value: string, description: string) =>
  t.String({
    default: value,
    minLength: 1,
    description: `${description} As systemd.time(7) OnCalendar has it.`,
  })

const sftp = t.Object({
  host: t.String({ minLength: 1 }),
  port: t.Integer({ default: 22, minimum: 1, maximum: 65535 }),
  user: t.String({ minLength: 1 }),
  hostKeys: t.Array(t.String({ pattern: '^(ssh|ecdsa)-\\S+ [A-Za-z0-9+/=]+$' }), {
    minItems: 1,
    description:
      'Public keys of the server, as /etc/ssh/ssh_host_*_key.pub has them. All of them: libssh2 takes the first kind that the server offers.',
  }),
})

/** Where WAL and backups go, and when. Role postgres archives, role backup makes and proves the backups. */
export const backupVars = sharedVars(
  'backup',
  t.Object({
    s3: t.Optional(s3),
    sftp: t.Optional(sftp),
    folder: t.Optional(
      t.String({
        pattern: '^/[^\\s]*[^/\\s]$',
        description:
          'Without s3 and sftp: a file system that all hosts share, mounted at the same place. With one of them: the folder in it. Default: no backups; with s3 or sftp a folder of the name of the cluster.',
      }),
    ),
    archiveTimeout: t.Integer({
      default: 60,
      minimum: 5,
      description:
        'Seconds after which WAL is archived although its segment is not full: what all three hosts burning at once may cost. Each empty one costs about 100 kB of repository.',
    }),
    processes: t.Integer({ default: 2, minimum: 1, description: 'That compress and transfer at once.' }),
    keepFull: t.Integer({
      default: 4,
      minimum: 1,
      description: 'Full backups; WAL is kept for all of them.',
    }),
    keepDiff: t.Integer({ default: 14, minimum: 1 }),
    full: when('Sun *-*-* 02:00:00', 'Full backup.'),
    diff: when('Mon..Sat *-*-* 02:00:00', 'Differential backup.'),
    incr: when('*-*-* 08,14,20:00:00', 'Incremental backup.'),
    drill: when('Sun *-*-* 05:00:00', 'A restore beside the cluster that is compared with it.'),
    alertAfterHours: t.Integer({
      default: 26,
      minimum: 1,
      description: 'BackupTooOld is told when the newest backup is older: a day and its delay.',
    }),
    drillAlertAfterDays: t.Integer({
      default: 8,
      minimum: 1,
      description: 'RestoreDrillTooOld is told when the last proven restore is older: a week and a day.',
    }),
    delayMinutes: t.Integer({ default: 30, minimum: 0, description: 'They begin up to so much later.' }),
    standbys: t.Boolean({
      default: false,
      description: 'Standbys are built from the repository, not from each other.',
    }),
  }),
)

/** As much of the vars as says whether there are backups, and where. */
export interface Repository {
  readonly s3?: {
    readonly bucket: string
    readonly endpoint: string
    readonly region: string
    readonly port: number
    readonly uriStyle: string
    readonly authority?: string
  }
  readonly sftp?: {
    readonly host: string
    readonly port: number
    readonly user: string
    readonly hostKeys: readonly string[]
  }
  readonly folder?: string
}

export const hasBackups = ({ s3, sftp, folder }: Repository): boolean =>
  s3 !== undefined || sftp !== undefined || folder !== undefined

/** The repository as a folder of the host; undefined where it is elsewhere. */
export const sharedFolder = ({ s3, sftp, folder }: Repository): string | undefined =>
  s3 || sftp ? undefined : folder

interface Specs {
  readonly cipher?: SecretSpec<Secret>
  readonly s3Key?: SecretSpec<Secret>
  readonly s3Secret?: SecretSpec<Secret>
  readonly sftpKey?: SecretSpec<Secret>
}

/** What is to be known to write into the repository, and to read it. */
export function backupSecrets(repository: Repository): Specs {
  if (!hasBackups(repository)) return {}
  const cipher = password('backup-cipher')
  if (repository.s3 && repository.sftp)
    throw new InputError({
      what: 'backup.s3 and backup.sftp are both set',
      next: 'a cluster has one repository: take one of them out of the inventory',
    })
  if (repository.sftp)
    return {
      cipher,
      sftpKey: given(
        'backup-sftp-key',
        `the private SSH key of ${repository.sftp.user} at ${repository.sftp.host}, without a passphrase`,
      ),
    }
  if (!repository.s3) return { cipher }
  return {
    cipher,
    s3Key: given('backup-s3-key', 'the access key of the bucket'),
    s3Secret: given('backup-s3-secret', 'the secret that belongs to backup-s3-key'),
  }
}

export interface BackupKeys {
  readonly cipher?: Secret
  readonly s3Key?: Secret
  readonly s3Secret?: Secret
  readonly sftpKey?: Secret
}

export function backupKeys({ cipher, s3Key, s3Secret, sftpKey }: BackupKeys): readonly Secret[] {
  return [cipher, s3Key, s3Secret, sftpKey].filter((secret) => secret !== undefined)
}
