import {
  check,
  directory,
  file,
  hardware,
  InputError,
  type Port,
  patroniConfig,
  patroniParameters,
  patroniRestart,
  role,
  swarmService,
  t,
  template,
} from 'provision'
import cluster from './cluster.ts'
import { backupVars, hasBackups } from './sheets/backup.ts'
import { imageFacts, imageSet, imageVars } from './sheets/images.ts'
import { postgresBusy, postgresHealthy, postgresPages } from './sheets/looks.ts'
import { patroniOf } from './sheets/members.ts'
import {
  archiveParameters,
  folderMounted,
  knownHosts,
  pgbackrestConf,
  restoreWal,
  walScripts,
} from './sheets/pgbackrest.ts'
import * as sheet from './sheets/postgres.ts'
import { clusterSecrets } from './sheets/secrets.ts'
import { postgresService, reload } from './sheets/services.ts'
import { votersOf } from './sheets/voters.ts'

/** What it listens on; HAProxy has the same 5432, and 5433, on the address that clients use. */
export const ports: readonly Port[] = [
  {
    from: ['peers', 'monitoring'],
    protocol: 'tcp',
    ports: [8008],
    reason: "Patroni's REST: who leads, health, metrics",
    // No JSON: refused as such by a REST API that takes orders, and before it is read by one that asks who orders.
    control: { port: 8008, method: 'PATCH', path: '/config', body: 'x', taken: 400 },
  },
  {
    from: ['clients', 'peers'],
    protocol: 'tcp',
    ports: [5432, 5433],
    reason: 'PostgreSQL: clients by the VIP, standbys by the node',
  },
  { from: ['peers'], protocol: 'tcp', ports: [8432], reason: 'pgBackRest: a backup reads the other members' },
]

const vars = t.Object({
  maxConnections: t.Integer({ default: 200, minimum: 20, description: 'PgBouncer stands before it.' }),
  memoryMb: t.Optional(
    t.Integer({ minimum: 512, description: 'Memory to reckon with. Default: all that the host has.' }),
  ),
  walVolumeGb: t.Integer({ default: 64, minimum: 2, description: 'Size of the file system with the WAL.' }),
  parameters: t.Record(t.String(), t.Union([t.String(), t.Number(), t.Boolean()]), {
    default: {},
    description: "PostgreSQL's parameters over those of the sheet, or beside them.",
  }),
  logDays: t.Integer({ default: 14, minimum: 1, description: "Days that PostgreSQL's log is kept." }),
  // Measured: a lost host costs ttl at most, and 5 s more where etcd's leader dies with it. Patroni allows no less.
  ttl: t.Integer({
    default: 20,
    minimum: 20,
    description: 'Seconds until a silent primary has lost its key.',
  }),
  loopWait: t.Integer({ default: 5, minimum: 1 }),
  retryTimeout: t.Integer({ default: 5, minimum: 3 }),
})

const major = 17

const view = t.Object({
  scope: t.String(),
  name: t.String(),
  address: t.String(),
  major: t.Integer(),
  restoreCommand: t.String(),
  clonesFromRepository: t.Boolean(),
  allowlist: t.String(),
  etcd: t.String(),
  dynamic: t.String(),
  members: t.Array(t.Object({ name: t.String(), address: t.String() })),
})

const configuration = template('postgres/patroni.yml.hbs', view)

/** PostgreSQL under Patroni: one member a host; who leads is decided by a key in etcd. */
export default role({
  name: 'postgres',
  vars,
  facts: { ...imageFacts, hardware, current: patroniParameters },
  shared: { cluster, images: imageVars, backup: backupVars },
  secrets: clusterSecrets,
  resources({ vars, facts, shared, secrets, host, hosts }) {
    const { ttl, loopWait, retryTimeout } = vars
    if (loopWait + 2 * retryTimeout > ttl)
      throw new InputError({
        what: `postgres: loopWait + 2 × retryTimeout is ${loopWait + 2 * retryTimeout}, more than the ttl of ${ttl}`,
        next: 'Patroni would silently change them: raise ttl, or lower the others',
      })
    const { scope } = shared.cluster
    const { backup } = shared
    const archives = hasBackups(backup)
    const parameters = parametersFor(vars, facts.hardware, hosts, archiveParameters(backup))
    const { url, via: service } = patroniOf(host)
    const addresses = hosts.map((h) => h.address)
    const voters = votersOf(hosts, shared.cluster)
    const dynamic = {
      ttl,
      loop_wait: loopWait,
      retry_timeout: retryTimeout,
      maximum_lag_on_failover: 1048576,
      // A dead server process fails over at once instead of waiting for crash recovery: 3.4 s instead of up to 300.
      primary_start_timeout: 0,
      synchronous_mode: shared.cluster.kind === 'coordinator' ? 'quorum' : 'off',
      synchronous_mode_strict: shared.cluster.strict,
      failsafe_mode: true,
      postgresql: { use_pg_rewind: true, use_slots: true, parameters },
    }
    const config = file('/etc/provision/postgres/patroni.yml', {
      content: configuration({
        scope,
        name: host.name,
        address: host.address,
        major,
        restoreCommand: archives ? `${restoreWal} %f "%p"` : '',
        clonesFromRepository: archives && backup.standbys,
        allowlist: JSON.stringify(addresses),
        etcd: JSON.stringify(voters.map((h) => `${h.address}:2379`)),
        dynamic: JSON.stringify(dynamic),
        members: hosts.map((h) => ({ name: h.name, address: h.address })),
      }),
    })
    const settings = patroniConfig({
      url,
      via: service,
      settings: dynamic,
      restarts: [...sheet.needsRestart],
    })
    const lowered = sheet.standbyBound.filter(
      (name) => Number(parameters[name]) < Number(facts.current?.[name]),
    )
    return [
      directory('/etc/provision/postgres'),
      // Who watches the disks must get as far as to what is mounted below.
      directory('/var/lib/pg', { owner: '5432', group: '5432', mode: '0711' }),
      ['/var/lib/pg/data', '/var/lib/pg/wal', '/var/lib/pg/spool', sheet.logFolder].map((path) =>
        directory(path, { owner: '5432', group: '5432', mode: '0700' }),
      ),
      // By the time of the last line: systemd-tmpfiles goes by that of the last reader, too, unless it is told.
      file('/etc/tmpfiles.d/provision-postgres-log.conf', {
        content: `# Written by provision (role postgres).\ne ${sheet.logFolder} 0700 5432 5432 m:${vars.logDays}d\n`,
      }),
      // A file, not a variable of the service: when a member comes, goes or moves, no other one is restarted.
      file('/etc/provision/postgres/members', { content: `${addresses.join(',')}\n` }),
      archives && [
        folderMounted(backup, service),
        backup.s3?.authority !== undefined &&
          file('/etc/provision/postgres/backup-ca.crt', { content: `${backup.s3.authority.trim()}\n` }),
        backup.sftp !== undefined &&
          file('/etc/provision/postgres/backup-known-hosts', { content: knownHosts(backup.sftp) }),
        walScripts(scope, vars.walVolumeGb),
        file('/etc/provision/postgres/pgbackrest.conf', {
          content: pgbackrestConf(backup, { scope, host, hosts, walVolumeGb: vars.walVolumeGb }),
        }),
      ],
      config,
      reload('Patroni', service, config),
      swarmService(
        postgresService({ host, images: imageSet(shared.images, hosts), tls: secrets.tls }, secrets, backup),
        {
          interrupts: ['postgres'],
        },
      ),
      check(`one leader and ${hosts.length - 1} streaming standbys`, postgresHealthy(host, hosts.length), {
        withinSeconds: 300,
        busy: postgresBusy(host),
        pages: postgresPages(host, hosts.length),
      }),
      settings,
      patroniRestart({
        url,
        via: service,
        restartOn: [settings],
        leaderFirst: lowered.length > 0,
      }),
    ]
  },
})

function parametersFor(
  vars: {
    readonly maxConnections: number
    readonly memoryMb?: number
    readonly walVolumeGb: number
    readonly parameters: sheet.Parameters
  },
  hardware: { readonly ramKb: number; readonly cores: number; readonly hugePages: number },
  hosts: readonly {
    readonly facts: { readonly hardware: { readonly ramKb: number; readonly cores: number } }
  }[],
  archive: sheet.Parameters,
): sheet.Parameters {
  const own = Object.keys(vars.parameters).find((name) => sheet.refused.has(name))
  if (own)
    throw new InputError({
      what: `postgres.parameters.${own} cannot be set: Patroni writes it itself`,
      next: 'take it out of the inventory',
    })
  // One configuration for all members: the smallest of them must bear it, whoever leads.
  const memoryMb = vars.memoryMb ?? Math.min(...hosts.map((h) => h.facts.hardware.ramKb)) / 1024
  const cores = Math.min(...hosts.map((h) => h.facts.hardware.cores))
  const parameters = {
    ...sheet.postgresParameters({
      memoryMb,
      cores,
      maxConnections: vars.maxConnections,
      walVolumeMb: vars.walVolumeGb * 1024,
      members: hosts.length,
    }),
    ...archive,
    ...vars.parameters,
  }
  const shared = sheet.sharedMemoryMb(parameters)
  const ramMb = hardware.ramKb / 1024
  if (shared > ramMb * 0.6)
    throw new InputError({
      what: `postgres: shared_buffers ${parameters.shared_buffers} and max_connections ${parameters.max_connections} need ${shared} MB; the host has ${Math.floor(ramMb)} MB`,
      next: 'lower them: at most 60 % of the memory may be set aside, the rest is for queries and for the page cache',
    })
  if (hardware.hugePages > 0 && shared > hardware.hugePages * 2)
    throw new InputError({
      what: `postgres: ${shared} MB of shared memory do not fit into the ${hardware.hugePages} huge pages of 2 MB that are set aside`,
      next: `set kernel.hugePages: ${Math.ceil((shared / 2) * 1.02)} and apply the role kernel first; PostgreSQL would leave all of them unused`,
    })
  return parameters
}
