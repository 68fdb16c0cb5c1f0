import type { Fact } from '../model/probe.ts'
import { sh } from '../shell/sh.ts'

/**
 * Which database cluster the host's data directory belongs to: PostgreSQL's system identifier, the same on all members,
 * another one for every initdb. Undefined without data. It is the first field of pg_control
 * (src/include/catalog/pg_control.h), eight bytes in the order of the machine.
 */
export const postgresIdentity: Fact<string | undefined> = {
  name: 'postgres-identity',
  probe: {
    script: sh`od -An -tu8 -N8 /var/lib/pg/data/main/global/pg_control 2>/dev/null; :`,
    parse: ({ stdout }) => stdout.trim() || undefined,
  },
}
