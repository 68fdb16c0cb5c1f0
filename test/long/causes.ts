import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { ConnectError } from '../../src/errors.ts'
import { cable } from '../../src/lab/host.ts'
import { labHost } from '../../src/lab/settings.ts'
import { patroniRequest } from '../../src/patroni/api.ts'
import { raw, type Script, sh } from '../../src/shell/sh.ts'
import { readVault } from '../../src/vault/store.ts'
import { done } from '../lab/acting.ts'
import { place, vip } from '../lab/client.ts'
import { on as onHost, roles } from '../lab/cluster.ts'
import { onMachine } from '../lab/machines.ts'
import { store } from '../lab/s3.ts'

const execute = promisify(execFile)

/** sshd turns some away while many log in at once. */
async function on(name: string, script: Script, tries = 5): Promise<string> {
  try {
    return await onHost(name, script)
  } catch (error) {
    if (tries === 1 || !(error instanceof ConnectError)) throw error
    await sleep(1000)
    return on(name, script, tries - 1)
  }
}
const hosts = ['h1', 'h2', 'h3']
const everywhere = (script: Script) => Promise.all(hosts.map((h) => on(h, script)))
const address = (name: string) => labHost(name).address

/** Who is who when a batch begins. */
export interface Scene {
  readonly leader: string
  /** Two of them. */
  readonly standbys: readonly [string, string]
}

/** What makes alerts fire, and what ends it. */
export interface Cause {
  readonly what: string
  readonly alerts: readonly string[]
  cause(scene: Scene): Promise<unknown>
  cure(scene: Scene): Promise<unknown>
}

const psql = (name: string, text: string) =>
  on(name, sh`printf %s ${text} | docker exec -i "$(docker ps -qf name=postgres-)" psql -XAtq postgres`)
const settings = (name: string, body: object) =>
  on(
    name,
    patroniRequest(
      `postgres-${name}`,
      'PATCH',
      `https://${address(name)}:8008/config`,
      JSON.stringify(body),
      20,
    ),
  )
const scale = (name: string, service: string, count: 0 | 1) =>
  on(name, sh`docker service scale -d ${`${service}=${count}`} >/dev/null`)
/** So many MB of WAL. */
export const write = (name: string, mb: number) =>
  psql(
    name,
    `SELECT count(pg_logical_emit_message(false, 'alerts', repeat(md5(n::text), 32000))) FROM generate_series(1, ${mb}) n`,
  )
/** A packet filter between hosts, before all of ours. */
const filter = (verb: '-I' | '-D', name: string, rule: readonly string[]) =>
  on(name, sh`iptables ${[verb, 'INPUT', ...(verb === '-I' ? ['1'] : []), ...rule]} -j DROP`)
const from = (name: string, port: number) => ['-s', address(name), '-p', 'tcp', '--dport', String(port)]

/**
 * `adjtimex` of the kernel that the hosts share: whether somebody sets its clock (0) or nobody (64, STA_UNSYNC). Its time stays
 * as it is. Without a status it only looks. Gives what it found.
 */
export async function clock(status?: 0 | 64): Promise<0 | 64> {
  // struct timex of x86-64: modes (ADJ_MAXERROR | ADJ_STATUS), offset, freq, maxerror, esterror, status. Source: adjtimex(2).
  const call = (modes: number, to: number) =>
    execute('perl', [
      '-e',
      `my $t = pack('Ix4q4i', ${modes}, 0, 0, 0, 0, ${to}) . "\\0" x 256; syscall(159, $t) >= 0 or die $!; print 64 & unpack('x40i', $t)`,
    ])
  const { stdout } = await call(0, 0)
  if (status !== undefined) await call(0x14, status)
  return stdout === '0' ? 0 : 64
}

/** A process of this machine outgrows its limit: the hosts have one kernel, and count its victims together. */
const outgrow = () =>
  execute('sh', [
    '-c',
    'd=/sys/fs/cgroup/memory/provision-oom-$$; mkdir $d && echo 30M > $d/memory.limit_in_bytes && { sh -c "echo \\$\\$ > $d/cgroup.procs; exec tail /dev/zero"; sleep 1; rmdir $d; }',
  ])

/** A certificate for the host's own key that ends in so many days, in the place of the right one. */
const shortLived = (name: string, days: number) =>
  on(
    name,
    sh`cd /etc/provision/tls; cp -a host.crt host.crt.kept; openssl req -x509 -new -key host.key -subj /CN=short -days ${days} -out /tmp/short.crt 2>/dev/null; cat /tmp/short.crt >host.crt`,
  )
const longLived = (name: string) => on(name, sh`cd /etc/provision/tls; mv -f host.crt.kept host.crt`)

/** Sessions that sleep: `count` of them, as `connection` says. Who is refused comes again, for some minutes. */
async function sleepers(name: string, unit: string, count: number, connection: Script, password = '') {
  const loop = `read PGPASSWORD; export PGPASSWORD; cat >/tmp/${unit}.sql; for n in $(seq 12); do /usr/lib/postgresql/17/bin/pgbench -n -c ${count} -j 1 -t 1 -f /tmp/${unit}.sql ${connection.text}; sleep 1; done`
  await on(
    name,
    sh`id=$(docker ps -qf name=postgres-); printf '%s\n%s\n' ${password} 'SELECT pg_sleep(900);' >/run/${raw(unit)}; chmod 0600 /run/${raw(unit)}
systemd-run -q --collect --unit=${unit} --property=StandardInput=${`file:/run/${unit}`} docker exec -i "$id" sh -c ${loop.replaceAll('$', '$$')}`,
  )
}
const awake = async (name: string, unit: string) => {
  await on(
    name,
    sh`docker exec "$(docker ps -qf name=postgres-)" pkill -f ${`/tmp/${unit}.sql`}; systemctl stop ${unit} || :; rm -f /run/${raw(unit)}`,
  )
  await psql(
    name,
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'",
  )
}

/** An incremental backup by this host, whosever turn it is. */
const backup = (name: string) => on(name, sh`systemd-run -q provision-backup run incr --here`)

const etcd = (name: string, path: string, body: Script) =>
  on(
    name,
    sh`${body} | curl -fsK /etc/provision/tls/curl.conf -d @- ${`https://127.0.0.1:2379/v3/kv/${path}`}`,
  )

/** In batches: what is in one disturbs nothing else in it. */
export const batches = (
  receiver: { refuse(is: boolean): void },
  run: (...flags: readonly string[]) => Promise<unknown>,
): readonly (readonly Cause[])[] => [
  [
    {
      what: 'the pooler of a standby is stopped',
      alerts: ['PgBouncerDown', 'HAProxyBackendDegraded'],
      cause: ({ standbys: [name] }) => scale(name, `pgbouncer-${name}`, 0),
      cure: ({ standbys: [name] }) => scale(name, `pgbouncer-${name}`, 1),
    },
    {
      what: 'the exporter of PostgreSQL is stopped',
      alerts: ['TargetDown'],
      cause: ({ standbys: [, name] }) => scale(name, `pgexporter-${name}`, 0),
      cure: ({ standbys: [, name] }) => scale(name, `pgexporter-${name}`, 1),
    },
    {
      what: "the unit of the host's own metrics is stopped",
      alerts: ['MetricsStale'],
      cause: () => on('h3', sh`systemctl stop provision-metrics`),
      cure: () => on('h3', sh`systemctl start provision-metrics`),
    },
    {
      what: 'a certificate that ends in ten days',
      alerts: ['CertificateExpiring'],
      cause: () => shortLived('h1', 10),
      cure: () => longLived('h1'),
    },
    {
      what: 'a certificate that ends in one day',
      alerts: ['CertificateExpired'],
      cause: () => shortLived('h2', 1),
      cure: () => longLived('h2'),
    },
    {
      what: 'nobody sets the clock any more',
      alerts: ['ClockSkew'],
      cause: () => clock(64),
      cure: () => clock(0),
    },
    {
      what: 'a process outgrows its memory',
      alerts: ['OutOfMemory'],
      cause: outgrow,
      cure: async () => undefined,
    },
    {
      what: '174 of 200 connections are taken',
      alerts: ['ConnectionsHigh'],
      cause: ({ leader }) =>
        sleepers(leader, 'alerts-connections', 174, sh`-h /run/postgresql -U postgres postgres`),
      cure: ({ leader }) => awake(leader, 'alerts-connections'),
    },
    {
      what: 'ten clients of a pool of five, and five in reserve, sleep in their transactions, and ten more come',
      alerts: ['PgBouncerWaiting'],
      async cause({ leader }) {
        const password = (await readVault(place))['db-cluster_app']
        const connection = sh`-h ${vip} -U cluster_app distributed_postgres_cluster`
        await sleepers(leader, 'alerts-pool', 10, connection, password)
        await sleep(5000)
        await sleepers(leader, 'alerts-queue', 10, connection, password)
      },
      async cure({ leader }) {
        await awake(leader, 'alerts-queue')
        await awake(leader, 'alerts-pool')
      },
    },
    {
      what: 'Patroni is paused, and forgotten',
      alerts: ['PatroniPaused'],
      cause: ({ leader }) => settings(leader, { pause: true }),
      cure: ({ leader }) => settings(leader, { pause: null }),
    },
    {
      what: 'max_connections is changed, and nobody restarts',
      alerts: ['PatroniPendingRestart'],
      cause: ({ leader }) => settings(leader, { postgresql: { parameters: { max_connections: 201 } } }),
      cure: ({ leader }) => settings(leader, { postgresql: { parameters: { max_connections: 200 } } }),
    },
    {
      what: 'the replay of a standby is paused, 15 MB later',
      alerts: ['ReplicationLagElevated'],
      async cause({ leader, standbys: [, name] }) {
        // Each segment that is closed early counts whole.
        await settings(leader, { postgresql: { parameters: { archive_timeout: '50s' } } })
        await psql(name, 'SELECT pg_wal_replay_pause()')
        await write(leader, 15)
      },
      cure: ({ standbys: [, name] }) => psql(name, 'SELECT pg_wal_replay_resume()'),
    },
    {
      what: 'and 120 MB more',
      alerts: ['ReplicationLagHigh'],
      async cause({ leader }) {
        await sleep(150_000)
        await write(leader, 120)
      },
      cure: ({ leader }) => settings(leader, { postgresql: { parameters: { archive_timeout: '5s' } } }),
    },
    {
      what: 'the Alertmanagers do not reach each other',
      alerts: ['AlertmanagersApart'],
      cause: () => Promise.all([filter('-I', 'h1', from('h2', 9094)), filter('-I', 'h2', from('h1', 9094))]),
      cure: () => Promise.all([filter('-D', 'h1', from('h2', 9094)), filter('-D', 'h2', from('h1', 9094))]),
    },
    {
      what: 'somebody edits alertmanager.yml by hand, and errs',
      alerts: ['ConfigurationRefused'],
      cause: () => reloaded('h2', sh`cp -a alertmanager.yml kept.yml; echo broken >alertmanager.yml`),
      cure: () => reloaded('h2', sh`mv -f kept.yml alertmanager.yml`),
    },
  ],
  [
    {
      what: 'the store of the backups is gone, and a backup is due',
      alerts: ['WalArchiveFailing', 'WalArchiveStale', 'BackupFailed', 'BackupTooOld', 'RestoreDrillTooOld'],
      async cause({ standbys: [name] }) {
        await onMachine(store, sh`systemctl stop haproxy`)
        await backup(name)
      },
      async cure({ standbys: [name] }) {
        await onMachine(store, sh`systemctl start haproxy`)
        await backup(name)
        // WAL waits for the store, and the canary's three rows with it.
        const drill = 'for n in 1 2 3 4 5; do provision-backup drill --here && exit; sleep 45; done; exit 1'
        await on(name, sh`systemd-run -q sh -c ${drill}`)
      },
    },
    {
      what: 'a host does not reach etcd any more',
      alerts: ['PatroniDcsStale'],
      cause: ({ standbys: [, name] }) => on(name, sh`iptables -I OUTPUT 1 -p tcp --dport 2379 -j DROP`),
      cure: ({ standbys: [, name] }) => on(name, sh`iptables -D OUTPUT -p tcp --dport 2379 -j DROP`),
    },
    {
      what: 'etcd is filled to 85 % of its quota',
      alerts: ['EtcdDatabaseFull'],
      async cause({ leader }) {
        await on(
          leader,
          sh`head -c 1000000 /dev/urandom | base64 -w0 >/tmp/value
for n in $(seq 50); do
  { printf '{"key":"%s","value":"' "$(printf alerts/$n | base64)"; cat /tmp/value; printf '"}'; } | curl -fsK /etc/provision/tls/curl.conf -d @- https://127.0.0.1:2379/v3/kv/put >/dev/null || exit 1
done`,
        )
      },
      async cure({ leader }) {
        const said = await etcd(
          leader,
          'deleterange',
          sh`printf '{"key":"%s","range_end":"%s"}' "$(printf alerts/ | base64)" "$(printf alerts0 | base64)"`,
        )
        const { header } = JSON.parse(said) as { readonly header: { readonly revision: string } }
        await etcd(leader, 'compaction', sh`printf '{"revision":"%s","physical":true}' ${header.revision}`)
        await done('etcd', 'defrag')
      },
    },
  ],
  [
    {
      what: 'a standby is cut off from the primary',
      alerts: ['StandbyNotStreaming'],
      cause: ({ leader, standbys: [name] }) => filter('-I', leader, from(name, 5432)),
      cure: ({ leader, standbys: [name] }) => filter('-D', leader, from(name, 5432)),
    },
    {
      what: '300 MB later its slot may keep no more than 64',
      alerts: ['SlotLost'],
      async cause({ leader }) {
        await settings(leader, {
          postgresql: { parameters: { max_slot_wal_keep_size: '64MB', wal_keep_size: '0' } },
        })
        await sleep(15_000)
        await write(leader, 300)
        await psql(leader, 'CHECKPOINT')
      },
      // The parameters as the sheet has them; then a run: a slot that was lost is never whole again.
      async cure({ leader }) {
        await settings(leader, {
          postgresql: { parameters: { max_slot_wal_keep_size: '1024MB', wal_keep_size: '128MB' } },
        })
        await sleep(12_000)
        await run('--tags', 'slots')
      },
    },
    {
      what: 'the other standby is cut off as well',
      alerts: ['SyncReplicationBroken'],
      async cause({ leader, standbys: [, name] }) {
        await sleep(60_000)
        await filter('-I', leader, from(name, 5432))
      },
      cure: ({ leader, standbys: [, name] }) => filter('-D', leader, from(name, 5432)),
    },
    {
      what: 'the leader of etcd stands still for four seconds, five times',
      alerts: ['EtcdLeaderFlapping'],
      async cause() {
        for (let n = 0; n < 5; n++) {
          const told = await everywhere(
            sh`provision-etcd endpoint status -w json | jq '.[0].Status | .leader == .header.member_id'`,
          )
          const name = hosts[told.indexOf('true')] ?? 'h1'
          await on(
            name,
            sh`id=$(docker ps -qf name=etcd-); docker pause "$id" >/dev/null; sleep 4; docker unpause "$id" >/dev/null; sleep 3`,
          )
        }
      },
      cure: async () => undefined,
    },
  ],
  [
    {
      what: 'etcd is stopped on one host',
      alerts: ['EtcdMemberDown'],
      cause: ({ standbys: [name] }) => scale(name, `etcd-${name}`, 0),
      cure: ({ standbys: [name] }) => scale(name, `etcd-${name}`, 1),
    },
    {
      what: 'etcd is stopped on a second host',
      alerts: ['EtcdQuorumLost', 'FailsafeActive'],
      async cause({ standbys: [, name] }) {
        await sleep(60_000)
        await scale(name, `etcd-${name}`, 0)
      },
      cure: ({ standbys: [, name] }) => scale(name, `etcd-${name}`, 1),
    },
    {
      what: 'hosts do not hear each other by VRRP',
      alerts: ['VipHeldTwice'],
      cause: () => Promise.all(hosts.map((name) => filter('-I', name, ['-p', 'vrrp']))),
      cure: () => Promise.all(hosts.map((name) => filter('-D', name, ['-p', 'vrrp']))),
    },
    {
      what: 'something else lies beside the WAL: 12 % stay free',
      alerts: ['DiskFilling', 'WalDiskFilling'],
      // Of what is free, so much that 12 % stay.
      cause: ({ leader }) =>
        on(
          leader,
          sh`cd /var/lib/pg/wal; set -- $(df -PB1M . | awk 'NR == 2 { print $2, $4 }'); fallocate -l $(($2 - $1 * 12 / 100))M dump`,
        ),
      cure: async () => undefined,
    },
    {
      what: 'and more of it: 6 %',
      alerts: ['DiskAlmostFull'],
      async cause({ leader }) {
        await sleep(150_000)
        await on(
          leader,
          sh`cd /var/lib/pg/wal; set -- $(df -PB1M . | awk 'NR == 2 { print $2, $4 }'); fallocate -l $(($2 - $1 * 6 / 100))M dump2`,
        )
      },
      cure: () => everywhere(sh`rm -f /var/lib/pg/wal/dump /var/lib/pg/wal/dump2`),
    },
  ],
  [
    {
      what: 'the primary has changed three times',
      alerts: ['FrequentLeaderElections'],
      async cause() {
        for (let n = 0; n < 3; n++) {
          await done('switchover')
          await sleep(61_000)
        }
      },
      cure: async () => undefined,
    },
    {
      what: 'keepalived is stopped on all hosts',
      alerts: ['VipNotHeld'],
      async cause() {
        await sleep(200_000)
        await everywhere(sh`systemctl stop keepalived`)
      },
      cure: () => everywhere(sh`systemctl start keepalived`),
    },
    {
      what: 'the webhook answers 500 for two minutes',
      alerts: ['AlertsNotSent'],
      async cause() {
        receiver.refuse(true)
        await sleep(120_000)
        receiver.refuse(false)
      },
      cure: async () => undefined,
    },
  ],
  [
    {
      what: 'the primary is stopped while Patroni is paused',
      alerts: ['PrimaryDown', 'PostgresDown', 'HAProxyNoPrimary'],
      async cause({ leader }) {
        await settings(leader, { pause: true })
        await sleep(12_000)
        await on(
          leader,
          sh`docker exec "$(docker ps -qf name=postgres-)" /usr/lib/postgresql/17/bin/pg_ctl -D /var/lib/pg/data/main -m fast stop >/dev/null`,
        )
      },
      cure: ({ leader }) => settings(leader, { pause: null }),
    },
  ],
  [
    {
      what: 'dockerd stands still on two hosts',
      alerts: ['SwarmManagerDown', 'SwarmQuorumLost'],
      cause: () => Promise.all(['h2', 'h3'].map((name) => on(name, sh`kill -STOP $(pidof dockerd)`))),
      cure: () => Promise.all(['h2', 'h3'].map((name) => on(name, sh`kill -CONT $(pidof dockerd)`))),
    },
  ],
  [
    {
      what: 'the cable of a host is pulled',
      alerts: ['NodeDown'],
      cause: () => cable(labHost('h3'), 'down'),
      cure: () => cable(labHost('h3'), 'up'),
    },
  ],
  [
    {
      what: 'somebody promotes a standby by hand while Patroni is paused',
      alerts: ['MultiplePrimaries'],
      async cause({ leader, standbys: [name] }) {
        await settings(leader, { pause: true })
        await sleep(12_000)
        await psql(name, 'SELECT pg_promote()')
      },
      // Its timeline is in the archive by now, as the newest: who starts would follow it. The next primary takes a newer one.
      async cure({ leader }) {
        await settings(leader, { pause: null })
        await sleep(20_000)
        await done('switchover')
      },
    },
  ],
]

const reloaded = (name: string, change: Script) =>
  on(
    name,
    sh`cd /etc/provision/monitoring; ${change}; docker kill -s HUP "$(docker ps -qf name=alertmanager-)" >/dev/null`,
  )

export async function scene(): Promise<Scene> {
  const { leader, standbys } = await roles()
  const [first = '', second = ''] = standbys
  return { leader, standbys: [first, second] }
}
