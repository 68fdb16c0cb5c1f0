import type { Board } from './grafana.ts'

const on = 'instance=~"$instance"'

/** Read from top to bottom: is it up, does it keep up, what does it cost. */
export const boards: readonly Board[] = [
  {
    uid: 'cluster',
    title: 'Cluster',
    panels: [
      { title: 'Primaries', unit: 'none', kind: 'stat', queries: { '': 'sum(patroni_primary)' } },
      {
        title: 'Standbys that stream',
        unit: 'none',
        kind: 'stat',
        queries: { '': 'sum(patroni_postgres_streaming)' },
      },
      {
        title: 'Waited for by commits',
        unit: 'none',
        kind: 'stat',
        queries: { '': 'sum(patroni_sync_standby + patroni_quorum_standby)' },
      },
      {
        title: 'Members of etcd with a leader',
        unit: 'none',
        kind: 'stat',
        queries: { '': 'sum(etcd_server_has_leader)' },
      },
      {
        title: 'Hosts with the address',
        unit: 'none',
        kind: 'stat',
        queries: { '': 'sum(provision_vip_held)' },
      },
      {
        title: 'Alerts',
        unit: 'none',
        kind: 'stat',
        queries: { '': 'count(ALERTS{alertstate="firing", alertname!="DeadMansSwitch"}) or vector(0)' },
      },
      { title: 'Who leads', unit: 'none', width: 12, queries: { '{{instance}}': 'patroni_primary' } },
      {
        title: 'Timeline',
        unit: 'none',
        width: 12,
        queries: { '{{instance}}': 'patroni_postgres_timeline' },
      },
      {
        title: 'Behind the primary',
        unit: 'bytes',
        queries: {
          '{{application_name}}': 'max by (application_name) (pg_stat_replication_pg_wal_lsn_diff)',
        },
      },
      {
        title: 'Transactions',
        unit: 'ops',
        queries: {
          '{{datname}}': 'sum by (datname) (rate(pg_stat_database_xact_commit{datname!~"template.*"}[5m]))',
        },
      },
      {
        title: 'Sessions by the proxy',
        unit: 'ops',
        queries: { '{{proxy}}': 'sum by (proxy) (rate(haproxy_backend_sessions_total[5m]))' },
      },
      {
        title: 'Servers that HAProxy uses',
        unit: 'none',
        queries: { '{{instance}} {{proxy}}': 'haproxy_backend_active_servers' },
      },
      {
        title: 'Clients that wait for the pooler',
        unit: 'none',
        queries: {
          '{{instance}} {{database}}':
            'sum by (instance, database) (pgbouncer_pools_client_waiting_connections)',
        },
      },
      {
        title: 'Targets that are down',
        unit: 'none',
        queries: { '{{job}}': 'count by (job) (up == 0) or 0 * count by (job) (up)' },
      },
    ],
  },
  {
    uid: 'postgresql',
    title: 'PostgreSQL',
    panels: [
      {
        title: 'Connections',
        unit: 'none',
        queries: {
          '{{instance}} {{state}}': `sum by (instance, state) (pg_stat_activity_count{${on}})`,
          'limit of {{instance}}': `pg_settings_max_connections{${on}}`,
        },
      },
      {
        title: 'Commits',
        unit: 'ops',
        queries: {
          '{{instance}} {{datname}}': `rate(pg_stat_database_xact_commit{${on}, datname!~"template.*"}[5m])`,
        },
      },
      {
        title: 'Rows written',
        unit: 'ops',
        queries: {
          '{{instance}} {{datname}}': `rate(pg_stat_database_tup_inserted{${on}, datname!~"template.*"}[5m])`,
        },
      },
      {
        title: 'Rows read',
        unit: 'ops',
        queries: {
          '{{instance}} {{datname}}': `rate(pg_stat_database_tup_fetched{${on}, datname!~"template.*"}[5m])`,
        },
      },
      {
        title: 'Deadlocks and conflicts',
        unit: 'ops',
        queries: {
          'deadlocks {{instance}} {{datname}}': `rate(pg_stat_database_deadlocks{${on}, datname!~"template.*"}[5m])`,
          'conflicts {{instance}} {{datname}}': `rate(pg_stat_database_conflicts{${on}, datname!~"template.*"}[5m])`,
        },
      },
      {
        title: 'Oldest transaction',
        unit: 's',
        queries: {
          // Its age, whatever the name says: 0 where there is none.
          '{{instance}}': `pg_long_running_transactions_oldest_timestamp_seconds{${on}}`,
        },
      },
      {
        title: 'Behind the primary',
        unit: 'bytes',
        queries: { '{{application_name}} {{state}}': 'pg_stat_replication_pg_wal_lsn_diff' },
      },
      {
        title: 'Behind the primary, in time',
        unit: 's',
        queries: { '{{instance}}': `pg_replication_lag_seconds{${on}}` },
      },
      {
        title: 'Held by slots',
        unit: 'bytes',
        queries: { '{{instance}} {{slot_name}}': `pg_replication_slots_pg_wal_lsn_diff{${on}}` },
      },
      {
        title: 'Size of databases',
        unit: 'bytes',
        queries: { '{{datname}}': 'max by (datname) (pg_database_size_bytes{datname!~"template.*"})' },
      },
      { title: 'Size of the WAL', unit: 'bytes', queries: { '{{instance}}': `pg_wal_size_bytes{${on}}` } },
      {
        title: 'Pool: connections in use',
        unit: 'none',
        queries: {
          '{{instance}} {{database}}': `sum by (instance, database) (pgbouncer_pools_server_active_connections{${on}})`,
        },
      },
      {
        title: 'Pool: longest wait',
        unit: 's',
        queries: {
          '{{instance}} {{database}}': `max by (instance, database) (pgbouncer_pools_client_maxwait_seconds{${on}})`,
        },
      },
    ],
  },
  {
    uid: 'etcd',
    title: 'etcd',
    panels: [
      { title: 'Has a leader', unit: 'none', queries: { '{{instance}}': 'etcd_server_has_leader' } },
      { title: 'Is the leader', unit: 'none', queries: { '{{instance}}': 'etcd_server_is_leader' } },
      {
        title: 'Changes of leader in an hour',
        unit: 'none',
        queries: { '{{instance}}': 'increase(etcd_server_leader_changes_seen_total[1h])' },
      },
      {
        title: 'Write to disk, 99th percentile',
        unit: 's',
        queries: {
          '{{instance}}':
            'histogram_quantile(0.99, sum by (instance, le) (rate(etcd_disk_wal_fsync_duration_seconds_bucket[5m])))',
        },
      },
      {
        title: 'Commit of the backend, 99th percentile',
        unit: 's',
        queries: {
          '{{instance}}':
            'histogram_quantile(0.99, sum by (instance, le) (rate(etcd_disk_backend_commit_duration_seconds_bucket[5m])))',
        },
      },
      {
        title: 'Round trip to members, 99th percentile',
        unit: 's',
        queries: {
          '{{instance}}':
            'histogram_quantile(0.99, sum by (instance, le) (rate(etcd_network_peer_round_trip_time_seconds_bucket[5m])))',
        },
      },
      {
        title: 'Proposals that wait, and that fail',
        unit: 'none',
        queries: {
          'wait {{instance}}': 'etcd_server_proposals_pending',
          'fail {{instance}}': 'increase(etcd_server_proposals_failed_total[5m])',
        },
      },
      {
        title: 'Heartbeats that failed',
        unit: 'ops',
        queries: { '{{instance}}': 'rate(etcd_server_heartbeat_send_failures_total[5m])' },
      },
      {
        title: 'Size of the database',
        unit: 'bytes',
        queries: {
          '{{instance}}': 'etcd_mvcc_db_total_size_in_bytes',
          'in use {{instance}}': 'etcd_mvcc_db_total_size_in_use_in_bytes',
          quota: 'max(etcd_server_quota_backend_bytes)',
        },
      },
    ],
  },
  {
    uid: 'hosts',
    title: 'Hosts',
    panels: [
      {
        title: 'CPU busy',
        unit: 'percentunit',
        queries: {
          '{{instance}}': `1 - avg by (instance) (rate(node_cpu_seconds_total{${on}, mode="idle"}[5m]))`,
        },
      },
      {
        title: 'Memory free',
        unit: 'bytes',
        queries: { '{{instance}}': `node_memory_MemAvailable_bytes{${on}}` },
      },
      {
        title: 'Waiting for disks',
        unit: 'percentunit',
        queries: { '{{instance}}': `rate(node_pressure_io_stalled_seconds_total{${on}}[5m])` },
      },
      {
        title: 'Free on disks',
        unit: 'percentunit',
        queries: {
          '{{instance}} {{mountpoint}}': `node_filesystem_avail_bytes{${on}, fstype!~"tmpfs|ramfs"} / node_filesystem_size_bytes`,
        },
      },
      {
        title: 'Disk writes',
        unit: 'Bps',
        queries: { '{{instance}} {{device}}': `rate(node_disk_written_bytes_total{${on}}[5m])` },
      },
      {
        title: 'Network received',
        unit: 'Bps',
        queries: {
          '{{instance}} {{device}}': `rate(node_network_receive_bytes_total{${on}, device!~"lo|veth.*|docker.*"}[5m])`,
        },
      },
      {
        title: 'Clock off by',
        unit: 's',
        queries: { '{{instance}}': `abs(node_timex_offset_seconds{${on}})` },
      },
      {
        title: 'Table of connections used',
        unit: 'percentunit',
        queries: { '{{instance}}': `node_nf_conntrack_entries{${on}} / node_nf_conntrack_entries_limit` },
      },
      {
        title: 'Ended for want of memory',
        unit: 'none',
        queries: { '{{instance}}': `increase(node_vmstat_oom_kill{${on}}[1h])` },
      },
      {
        title: 'Certificates end in',
        unit: 's',
        queries: {
          '{{instance}} {{certificate}}': `provision_certificate_not_after_timestamp_seconds{${on}} - time()`,
        },
      },
      {
        title: 'Manager of the swarm',
        unit: 'none',
        queries: { '{{instance}}': `swarm_node_manager{${on}}` },
      },
    ],
  },
  {
    uid: 'backups',
    title: 'Backups',
    panels: [
      {
        title: 'Age of the last backup',
        unit: 's',
        kind: 'stat',
        width: 8,
        queries: { '': 'time() - max(provision_backup_last_success_timestamp_seconds)' },
      },
      {
        title: 'Age of the last restore on trial',
        unit: 's',
        kind: 'stat',
        width: 8,
        queries: { '': 'time() - max(provision_restore_drill_last_success_timestamp_seconds)' },
      },
      {
        title: 'Age of the last archived WAL',
        unit: 's',
        kind: 'stat',
        width: 8,
        queries: {
          '{{instance}}':
            'pg_stat_archiver_last_archive_age and on (instance) pg_replication_is_replica == 0',
        },
      },
      {
        title: 'WAL archived',
        unit: 'none',
        width: 12,
        queries: { '{{instance}}': 'increase(pg_stat_archiver_archived_count[10m])' },
      },
      {
        title: 'WAL that could not be archived',
        unit: 'none',
        width: 12,
        queries: { '{{instance}}': 'increase(pg_stat_archiver_failed_count[10m])' },
      },
      {
        title: 'Age of the last backup',
        unit: 's',
        width: 12,
        queries: { '{{type}}': 'time() - max by (type) (provision_backup_last_success_timestamp_seconds)' },
      },
      {
        title: 'Size of the WAL',
        unit: 'bytes',
        width: 12,
        queries: { '{{instance}}': 'pg_wal_size_bytes' },
      },
    ],
  },
]
