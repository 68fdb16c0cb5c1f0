import { hasOwnSchema, ownSchemaStatement, pgRole, role, sql, t } from 'provision'
import { accounts, ownAccounts } from './sheets/accounts.ts'
import { passwords } from './sheets/secrets.ts'

/**
 * The account by which PgBouncer looks up who may log in. The cluster's own accounts never can through it, nor whoever is, or may
 * become, as good as a superuser: PgBouncer drops the options by which their sessions are pinned.
 */
export default role({
  name: 'pooler',
  vars: t.Object({}),
  secrets: passwords,
  resources({ secrets, host }) {
    const via = `postgres-${host.name}`
    return [
      accounts(via, secrets),
      pgRole('pgbouncer', { via, password: secrets.pooler, isPinned: true }),
      sql('lookup for PgBouncer', {
        via,
        holds: `EXISTS (SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_roles o ON o.oid = p.proowner WHERE p.oid = pg_catalog.to_regprocedure('pooler.lookup(text)') AND o.rolsuper AND p.prosecdef AND p.proconfig = ARRAY['search_path=pg_catalog, pg_temp'] AND pg_catalog.btrim(p.prosrc) = pg_catalog.btrim($body$${lookup}$body$)) AND ${hasOwnSchema('pooler')} AND pg_catalog.has_function_privilege('pgbouncer', 'pooler.lookup(text)', 'EXECUTE') AND pg_catalog.has_schema_privilege('pgbouncer', 'pooler', 'USAGE')`,
        run: `${ownSchemaStatement('pooler')}
CREATE OR REPLACE FUNCTION pooler.lookup(login text, OUT name text, OUT verifier text) RETURNS record
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$${lookup}$body$;
REVOKE ALL ON FUNCTION pooler.lookup(text) FROM PUBLIC;
GRANT USAGE ON SCHEMA pooler TO pgbouncer;
GRANT EXECUTE ON FUNCTION pooler.lookup(text) TO pgbouncer;`,
      }),
    ]
  },
})

const lookup = `SELECT r.rolname::pg_catalog.text, r.rolpassword FROM pg_catalog.pg_authid r
  WHERE r.rolname = login AND r.rolcanlogin AND NOT r.rolreplication
    AND (r.rolvaliduntil IS NULL OR r.rolvaliduntil > pg_catalog.now())
    AND r.rolname NOT IN (${ownAccounts.map((name) => `'${name}'`).join(', ')})
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_authid s WHERE pg_catalog.pg_has_role(r.oid, s.oid, 'MEMBER')
      AND (s.rolsuper OR s.rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program')))`
