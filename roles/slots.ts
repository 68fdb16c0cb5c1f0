import { role, sql, t } from 'provision'

const lost = `FROM pg_catalog.pg_replication_slots WHERE slot_type = 'physical' AND invalidation_reason IS NOT NULL`

/**
 * Slots of standbys that kept WAL up to `max_slot_wal_keep_size`, and then lost it. They keep nothing ever again, even when
 * their standby has caught up from the archive and streams. Dropped, they are made anew by Patroni in its next round; of
 * itself it drops them only in releases since July 2026 (its pull request 3659).
 */
export default role({
  name: 'slots',
  vars: t.Object({}),
  resources: ({ host }) =>
    sql('no slot has lost its WAL', {
      via: `postgres-${host.name}`,
      holds: `NOT EXISTS (SELECT ${lost})`,
      // A standby that has been sent away asks again after a second (wal_retrieve_retry_interval).
      run: `DO $$ DECLARE slot record; BEGIN
  FOR slot IN SELECT slot_name, active_pid ${lost} LOOP
    IF slot.active_pid IS NOT NULL THEN PERFORM pg_catalog.pg_terminate_backend(slot.active_pid, 4000); END IF;
    PERFORM pg_catalog.pg_drop_replication_slot(slot.slot_name);
  END LOOP;
END $$;`,
    }),
})
