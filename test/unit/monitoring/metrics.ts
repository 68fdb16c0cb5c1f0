/**
 * Metrics that the rules and dashboards may name, by their source: seen in running programs of these versions, or in their
 * source. A name that is not here is a slip, or has to be looked up first.
 */
export const known = new Set(
  `
# Prometheus itself
up ALERTS prometheus_config_last_reload_successful
# Alertmanager 0.28
alertmanager_cluster_members alertmanager_notifications_failed_total alertmanager_config_last_reload_successful
# Patroni 4.0
patroni_primary patroni_replica patroni_sync_standby patroni_quorum_standby patroni_postgres_streaming patroni_postgres_timeline
patroni_postgres_running patroni_is_paused patroni_pending_restart patroni_dcs_last_seen patroni_failsafe_mode_is_active
# etcd 3.5
etcd_server_has_leader etcd_server_is_leader etcd_server_leader_changes_seen_total etcd_server_proposals_failed_total
etcd_server_proposals_pending etcd_server_heartbeat_send_failures_total etcd_disk_wal_fsync_duration_seconds_bucket
etcd_disk_backend_commit_duration_seconds_bucket etcd_network_peer_round_trip_time_seconds_bucket
etcd_mvcc_db_total_size_in_bytes etcd_mvcc_db_total_size_in_use_in_bytes etcd_server_quota_backend_bytes
# HAProxy 3.0
haproxy_server_status haproxy_backend_active_servers haproxy_backend_sessions_total
# postgres_exporter 0.17
pg_up pg_replication_is_replica pg_replication_lag_seconds pg_stat_replication_pg_wal_lsn_diff pg_replication_slots_pg_wal_lsn_diff
pg_replication_slot_wal_status pg_stat_archiver_failed_count pg_stat_archiver_archived_count pg_stat_archiver_last_archive_age
pg_stat_database_tup_inserted pg_stat_database_tup_fetched pg_stat_database_xact_commit pg_stat_database_deadlocks
pg_stat_database_conflicts pg_stat_activity_count pg_settings_max_connections pg_database_size_bytes pg_wal_size_bytes
pg_long_running_transactions_oldest_timestamp_seconds
# pgbouncer_exporter 0.10
pgbouncer_up pgbouncer_pools_client_waiting_connections pgbouncer_pools_client_maxwait_seconds
pgbouncer_pools_server_active_connections
# node_exporter 1.9
node_timex_offset_seconds node_timex_sync_status node_filesystem_avail_bytes node_filesystem_size_bytes node_vmstat_oom_kill
node_textfile_mtime_seconds node_pressure_io_stalled_seconds_total node_nf_conntrack_entries node_nf_conntrack_entries_limit
node_cpu_seconds_total node_memory_MemAvailable_bytes node_disk_written_bytes_total node_network_receive_bytes_total
# dockerd, by the node exporter
swarm_node_manager swarm_manager_leader
# ours, by the node exporter
provision_vip_held provision_certificate_not_after_timestamp_seconds provision_backup_last_success_timestamp_seconds provision_backup_last_failure_timestamp_seconds provision_wal_dropped_timestamp_seconds
provision_restore_drill_last_success_timestamp_seconds provision_backup_since_timestamp_seconds
provision_backup_age_limit_seconds provision_restore_drill_age_limit_seconds
`
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .flatMap((line) => line.split(' '))
    .filter(Boolean),
)

const words = new Set(['and', 'or', 'unless', 'bool', 'offset'])

/** The metrics that an expression names: what is left of it without texts, labels, ranges, functions and words. */
export function metricsIn(expr: string): readonly string[] {
  const bare = expr
    .replaceAll(/"[^"]*"|'[^']*'/g, '')
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, '')
    .replaceAll(/\b(by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)/g, '')
  return [...bare.matchAll(/(?<![\w.])[a-zA-Z_:][\w:]*(?!\w|\s*\()/g)]
    .map(([name]) => name)
    .filter((name) => !words.has(name))
}
