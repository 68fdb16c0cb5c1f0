/** PostgreSQL 17's parameters for a host of this size. Sources: the manual's chapters 18 to 20, the PostgreSQL wiki's tuning page. */
export interface Sizes {
  /** MiB of memory that PostgreSQL may reckon with. */
  readonly memoryMb: number
  readonly cores: number
  readonly maxConnections: number
  /** MiB of the file system with the WAL. */
  readonly walVolumeMb: number
  /** Hosts of the cluster. */
  readonly members: number
}

export type Parameters = Readonly<Record<string, string | number | boolean>>

/** Patroni writes these itself, or they would break what the cluster promises. */
export const refused: ReadonlySet<string> = new Set([
  'listen_addresses',
  'port',
  'cluster_name',
  'hot_standby',
  'primary_conninfo',
  'primary_slot_name',
  'synchronous_standby_names',
  'data_directory',
  'hba_file',
  'ident_file',
  'restore_command',
])

export const logFolder = '/var/lib/pg/log'

/** The sheet; 32 GB with SSDs is the reference, 64 GB and more follow by the same formulas. */
export function postgresParameters(sizes: Sizes): Parameters {
  const { memoryMb, cores, maxConnections, walVolumeMb, members } = sizes
  const mb = (n: number) => `${Math.floor(n)}MB`
  const clamp = (n: number, low: number, high: number) => Math.min(high, Math.max(low, n))
  const maxWalMb = clamp(walVolumeMb / 4, 512, 16384)
  // The same for three members and for five: a standby that is added restarts nobody.
  const connections = Math.max(members, 5) + 5
  return {
    shared_buffers: mb(clamp(memoryMb / 4, 128, 24576)),
    huge_pages: 'try',
    effective_cache_size: mb(memoryMb * 0.7),
    work_mem: mb(clamp((memoryMb * 0.25) / (2 * maxConnections), 4, 256)),
    maintenance_work_mem: mb(clamp(memoryMb / 16, 64, 2048)),
    autovacuum_work_mem: mb(clamp(memoryMb / 64, 32, 1024)),
    max_connections: maxConnections,
    superuser_reserved_connections: 5,
    reserved_connections: 5,
    max_worker_processes: Math.max(8, cores),
    max_parallel_workers: Math.max(8, cores),
    max_parallel_workers_per_gather: 2,
    max_parallel_maintenance_workers: clamp(Math.floor(cores / 4), 1, 4),
    max_locks_per_transaction: 64,
    max_prepared_transactions: 0,
    wal_level: 'replica',
    wal_buffers: mb(clamp(memoryMb / 128, 4, 64)),
    wal_compression: 'zstd',
    min_wal_size: mb(clamp(maxWalMb / 8, 128, 2048)),
    max_wal_size: mb(maxWalMb),
    checkpoint_timeout: '15min',
    checkpoint_completion_target: 0.9,
    max_wal_senders: connections,
    max_replication_slots: connections,
    wal_keep_size: mb(clamp(walVolumeMb / 16, 128, 2048)),
    // Never -1: the slot of a dead standby must not fill the disk.
    max_slot_wal_keep_size: mb(clamp(walVolumeMb / 2 - maxWalMb, 1024, 49152)),
    wal_log_hints: 'on',
    wal_sender_timeout: '10s',
    wal_receiver_timeout: '10s',
    // After a switchover commits wait until a standby has found the new primary: not five seconds, its default.
    wal_retrieve_retry_interval: '1s',
    hot_standby_feedback: 'on',
    max_standby_streaming_delay: '30s',
    random_page_cost: 1.1,
    effective_io_concurrency: 200,
    maintenance_io_concurrency: 200,
    default_statistics_target: 200,
    jit: 'off',
    autovacuum_max_workers: 4,
    autovacuum_vacuum_cost_limit: 2000,
    autovacuum_naptime: '15s',
    autovacuum_vacuum_scale_factor: 0.05,
    autovacuum_analyze_scale_factor: 0.02,
    idle_in_transaction_session_timeout: '5min',
    tcp_keepalives_idle: 30,
    tcp_keepalives_interval: 5,
    tcp_keepalives_count: 3,
    tcp_user_timeout: '15s',
    client_connection_check_interval: '10s',
    password_encryption: 'scram-sha-256',
    ssl: 'on',
    ssl_min_protocol_version: 'TLSv1.2',
    ssl_cert_file: '/run/provision/tls/host.crt',
    ssl_key_file: '/run/provision/tls/host.key',
    ssl_ca_file: '/run/provision/tls/ca.crt',
    shared_preload_libraries: 'pg_stat_statements',
    track_io_timing: 'on',
    track_wal_io_timing: 'on',
    track_commit_timestamp: 'off',
    // On the host, one JSON line each, so that they outlive a container; taken away after postgres.logDays.
    logging_collector: 'on',
    log_destination: 'jsonlog',
    log_directory: logFolder,
    log_filename: 'postgresql-%Y-%m-%d_%H%M%S.log',
    log_rotation_age: '1d',
    log_rotation_size: '100MB',
    log_checkpoints: 'on',
    log_lock_waits: 'on',
    log_temp_files: '64MB',
    log_autovacuum_min_duration: '1s',
    log_min_duration_statement: '500ms',
    log_statement: 'none',
    log_line_prefix: '%m [%p] %q%u@%d/%a ',
  }
}

/** MiB that a server with these parameters sets aside for good (measured: 2 % over shared_buffers, and some for each connection). */
export function sharedMemoryMb(parameters: Parameters): number {
  return Math.ceil(toMb(parameters.shared_buffers) * 1.02 + Number(parameters.max_connections) * 0.03 + 20)
}

/** `8GB`, `512MB`, `131072` (pages of 8 kB, as PostgreSQL reads a bare number of shared_buffers). */
export function toMb(value: string | number | boolean | undefined): number {
  const [, number = '', unit = ''] = /^([\d.]+)\s*(kB|MB|GB|TB)?$/.exec(String(value)) ?? []
  const factor = { kB: 1 / 1024, MB: 1, GB: 1024, TB: 1024 * 1024 }[unit] ?? 8 / 1024
  return Number(number) * factor
}

/**
 * Sizes that a standby must have at least as large as its primary (manual, 26.4.1): raised on the standbys first,
 * lowered on the primary first.
 */
export const standbyBound: readonly string[] = [
  'max_connections',
  'max_worker_processes',
  'max_wal_senders',
  'max_prepared_transactions',
  'max_locks_per_transaction',
]

/** Parameters of context `postmaster` in PostgreSQL 17 (pg_settings): a change of them needs a restart. */
export const needsRestart: ReadonlySet<string> = new Set([
  'archive_mode',
  'autovacuum_freeze_max_age',
  'autovacuum_max_workers',
  'autovacuum_multixact_freeze_max_age',
  'bonjour',
  'bonjour_name',
  'cluster_name',
  'commit_timestamp_buffers',
  'config_file',
  'data_directory',
  'data_sync_retry',
  'debug_io_direct',
  'dynamic_shared_memory_type',
  'event_source',
  'external_pid_file',
  'hba_file',
  'hot_standby',
  'huge_page_size',
  'huge_pages',
  'ident_file',
  'ignore_invalid_pages',
  'jit_provider',
  'listen_addresses',
  'logging_collector',
  'max_connections',
  'max_files_per_process',
  'max_locks_per_transaction',
  'max_logical_replication_workers',
  'max_notify_queue_pages',
  'max_pred_locks_per_transaction',
  'max_prepared_transactions',
  'max_replication_slots',
  'max_wal_senders',
  'max_worker_processes',
  'min_dynamic_shared_memory',
  'multixact_member_buffers',
  'multixact_offset_buffers',
  'notify_buffers',
  'old_snapshot_threshold',
  'port',
  'recovery_target',
  'recovery_target_action',
  'recovery_target_inclusive',
  'recovery_target_lsn',
  'recovery_target_name',
  'recovery_target_time',
  'recovery_target_timeline',
  'recovery_target_xid',
  'reserved_connections',
  'restore_command',
  'serializable_buffers',
  'shared_buffers',
  'shared_memory_type',
  'shared_preload_libraries',
  'subtransaction_buffers',
  'superuser_reserved_connections',
  'track_activity_query_size',
  'track_commit_timestamp',
  'transaction_buffers',
  'unix_socket_directories',
  'unix_socket_group',
  'unix_socket_permissions',
  'wal_buffers',
  'wal_decode_buffer_size',
  'wal_level',
  'wal_log_hints',
])
