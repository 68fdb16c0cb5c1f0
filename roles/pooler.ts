import { pgRole, role, sql, t } from 'provision'
import { accounts } from './sheets/accounts.ts'
import { passwords } from './sheets/secrets.ts'

/** The account by which PgBouncer looks up who may log in. Superusers and replication roles never can, through it. */
export default role({
  name: 'pooler',
  vars: t.Object({}),
  secrets: passwords,
  resources({ secrets, host }) {
    const via = `postgres-${host.name}`
    return [
      accounts(via, secrets),
      pgRole('pgbouncer', { via, password: secrets.pooler }),
      sql('lookup for PgBouncer', {
        via,
        holds: `EXISTS (SELECT FROM pg_catalog.pg_proc WHERE oid = to_regprocedure('pooler.lookup(text)') AND prosecdef AND btrim(prosrc) = btrim($body$${lookup}$body$)) AND has_function_privilege('pgbouncer', 'pooler.lookup(text)', 'EXECUTE') AND has_schema_privilege('pgbouncer', 'pooler', 'USAGE')`,
        run: `CREATE SCHEMA IF NOT EXISTS pooler;
CREATE OR REPLACE FUNCTION pooler.lookup(login text, OUT name text, OUT verifier text) RETURNS record
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $body$${lookup}$body$;
REVOKE ALL ON FUNCTION pooler.lookup(text) FROM PUBLIC;
GRANT USAGE ON SCHEMA pooler TO pgbouncer;
GRANT EXECUTE ON FUNCTION pooler.lookup(text) TO pgbouncer;`,
      }),
    ]
  },
})

const lookup = `SELECT rolname::text, rolpassword FROM pg_authid
  WHERE rolname = login AND rolcanlogin AND NOT rolsuper AND NOT rolreplication
    AND (rolvaliduntil IS NULL OR rolvaliduntil > now())`
