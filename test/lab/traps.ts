import { literal } from '../../src/postgres/quote.ts'
import { clientPsql } from '../../src/resources/sql.ts'
import { sh } from '../../src/shell/sh.ts'
import { readVault } from '../../src/vault/store.ts'
import { place } from './client.ts'
import { asSuperuser, hostNamed, on, roles } from './cluster.ts'

/** A database whose owner has planted traps for everybody with more rights. */
export interface Trapped {
  readonly database: string
  readonly owner: string
  /** What its traps say in the server's log: one of its own each time, because the log stays. */
  readonly mark: string
}

export function trappedIn(database: string, owner: string): Trapped {
  return { database, owner, mark: `trap ${Date.now()} of ${owner}` }
}

/** SQL as the owner of a database, straight on the primary; fails with what psql says. */
export async function asOwner({ database, owner }: Trapped, text: string): Promise<string> {
  const { leader } = await roles()
  const { address } = await hostNamed(leader)
  const password = (await readVault(place))[`db-${owner}`] ?? ''
  const target = `host=${address} dbname=${database} user=${owner} sslmode=verify-full sslrootcert=/run/provision/tls/ca.crt`
  const asked = clientPsql(`postgres-${leader}`, target, ['-Atq', '-v', 'ON_ERROR_STOP=1'])
  return on(leader, sh`{ printf '%s\n' ${password}; printf '%s\n' ${text}; } | ${asked} 2>&1`)
}

/**
 * All that PostgreSQL lets an owner make: every operator and function of pg_catalog once more in `public`, more of them with
 * argument types that match better, types and views with the names of the catalog's, casts by a type of its own, a trigger
 * and a rule. Each does what the original does, tells the server's log who ran it, and makes the owner a superuser if it can.
 */
export async function plant(trapped: Trapped): Promise<void> {
  await asOwner(trapped, traps(trapped))
}

/** Settings of the database that break a session that takes them: it reads only, ends at once, or runs as the owner. */
export const settings: Readonly<Record<string, string>> = {
  search_path: 'public, pg_catalog',
  role: 'OWNER',
  session_authorization: 'OWNER',
  local_preload_libraries: "'nope'",
  exit_on_error: 'on',
  standard_conforming_strings: 'off',
  client_encoding: "'LATIN1'",
  default_transaction_read_only: 'on',
  default_transaction_isolation: "'serializable'",
  default_transaction_deferrable: 'on',
  statement_timeout: '1',
  lock_timeout: '1',
  transaction_timeout: '1',
  idle_in_transaction_session_timeout: '1',
  idle_session_timeout: '1',
  tcp_user_timeout: '1',
  default_tablespace: "'nope'",
  row_security: 'off',
  restrict_nonsystem_relation_kind: 'view',
  DateStyle: "'German'",
  bytea_output: "'escape'",
  quote_all_identifiers: 'on',
  array_nulls: 'off',
  transform_null_equals: 'on',
  xmloption: "'document'",
  debug_print_parse: 'on',
  client_min_messages: "'error'",
}

/** The owner plants all of them: for the database, for its own role, and for both. */
export async function plantSettings({ database, owner }: Trapped): Promise<void> {
  const change = Object.entries(settings).flatMap(([name, value]) =>
    [`DATABASE ${database}`, `ROLE ${owner}`, `ROLE ${owner} IN DATABASE ${database}`].map(
      (place) => `ALTER ${place} SET ${name} = ${value.replace('OWNER', owner)};`,
    ),
  )
  await asSuperuser(`SET SESSION AUTHORIZATION ${owner}; ${change.join('\n')}`)
}

/** Takes the settings away again, so that the owner can connect. */
export async function resetSettings({ database, owner }: Trapped): Promise<void> {
  await asSuperuser(
    `ALTER DATABASE ${database} RESET ALL; ALTER ROLE ${owner} RESET ALL; ALTER ROLE ${owner} IN DATABASE ${database} RESET ALL`,
  )
}

/** Which traps were run by anybody but their owner, by the logs of all members. */
export async function sprung({ mark }: Trapped): Promise<readonly string[]> {
  const found = await Promise.all(
    ['h1', 'h2', 'h3'].map((name) =>
      on(name, sh`cat /var/lib/pg/log/*.json | jq -r .message | grep -F ${mark} || :`),
    ),
  )
  return [...new Set(found.flatMap((text) => text.split('\n')).filter(Boolean))].sort()
}

/** Everybody's attributes and memberships, a line each. */
export async function powers(): Promise<readonly string[]> {
  const text =
    await asSuperuser(`SELECT r.rolname || ' ' || pg_catalog.concat_ws(' ', r.rolsuper, r.rolcreaterole, r.rolcreatedb, r.rolreplication, r.rolbypassrls,
      (SELECT pg_catalog.string_agg(g.rolname, ' ' ORDER BY g.rolname) FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid))
    FROM pg_catalog.pg_roles r WHERE r.rolname !~ '^pg_' ORDER BY 1`)
  return text.split('\n')
}

function traps({ owner, mark }: Trapped): string {
  return `
CREATE FUNCTION public.sprung(what pg_catalog.text) RETURNS pg_catalog.bool LANGUAGE plpgsql SET search_path = pg_catalog AS $f$
BEGIN
  IF current_user <> ${literal(owner)} THEN
    RAISE LOG '${mark} sprung: % by %', what, current_user;
    BEGIN EXECUTE 'ALTER ROLE ${owner} SUPERUSER CREATEROLE BYPASSRLS'; EXCEPTION WHEN OTHERS THEN NULL; END;
    BEGIN EXECUTE 'GRANT pg_execute_server_program TO ${owner}'; EXCEPTION WHEN OTHERS THEN NULL; END;
  END IF;
  RETURN true;
END $f$;
SET client_min_messages = error;
-- Who plants them must not step on them.
SET search_path = pg_catalog, pg_temp;

-- Every operator and every function once more.
DO $d$ DECLARE o record; n int := 0; arguments text; BEGIN
  FOR o IN SELECT oprname AS name, oprleft::regtype AS l, oprright::regtype AS r, oprresult::regtype AS result
      FROM pg_operator WHERE oprnamespace = 'pg_catalog'::regnamespace AND oprright <> 0 AND oprresult <> 0 LOOP
    n := n + 1;
    BEGIN
      arguments := CASE WHEN o.l::oid = 0 THEN '' ELSE format('%s, ', o.l) END || o.r;
      EXECUTE format('CREATE FUNCTION public.trap%s(%s) RETURNS %s LANGUAGE plpgsql SET search_path = pg_catalog AS %L', n, arguments, o.result,
        format('BEGIN PERFORM public.sprung(%L); RETURN %s OPERATOR(pg_catalog.%s) %s; END', format('operator %s(%s)', o.name, arguments),
          CASE WHEN o.l::oid = 0 THEN '' ELSE '$1' END, o.name, CASE WHEN o.l::oid = 0 THEN '$1' ELSE '$2' END));
      EXECUTE format('CREATE OPERATOR public.%s (%s RIGHTARG = %s, FUNCTION = public.trap%s)', o.name,
        CASE WHEN o.l::oid = 0 THEN '' ELSE format('LEFTARG = %s,', o.l) END, o.r, n);
    EXCEPTION WHEN OTHERS THEN NULL; END;
  END LOOP;
  FOR o IN SELECT proname AS name, pg_get_function_arguments(oid) AS arguments, pg_get_function_result(oid) AS result, proretset AS rows,
        (SELECT coalesce(string_agg('$' || g, ', '), '') FROM generate_series(1, pronargs) g) AS given
      FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f' LOOP
    BEGIN
      EXECUTE format('CREATE FUNCTION public.%I(%s) RETURNS %s LANGUAGE plpgsql SET search_path = pg_catalog AS %L', o.name, o.arguments, o.result,
        format('BEGIN PERFORM public.sprung(%L); %s pg_catalog.%I(%s); END', 'function ' || o.name,
          CASE WHEN o.rows THEN 'RETURN QUERY SELECT * FROM' ELSE 'RETURN' END, o.name, o.given));
    EXCEPTION WHEN OTHERS THEN NULL; END;
  END LOOP;
END $d$;

-- Argument types that match better than any of pg_catalog.
DO $d$ DECLARE l text; r text; op text; n int := 0; types text[] := '{name,text,varchar,bpchar,oid,regclass,regrole,regnamespace,regproc,int2,int4,int8,"char",name[],text[],oid[],aclitem}'; BEGIN
  FOREACH l IN ARRAY types LOOP FOREACH r IN ARRAY types LOOP FOREACH op IN ARRAY '{=,<>,<,>,~,!~,||,~~}'::text[] LOOP
    n := n + 1;
    BEGIN
      EXECUTE format('CREATE FUNCTION public.better%s(%s, %s) RETURNS %s LANGUAGE plpgsql SET search_path = pg_catalog AS %L', n, l, r, CASE op WHEN '||' THEN 'text' ELSE 'bool' END,
        format('BEGIN PERFORM public.sprung(%L); RETURN $1::text OPERATOR(pg_catalog.%s) $2::text; END', format('operator %s(%s, %s)', op, l, r), op));
      EXECUTE format('CREATE OPERATOR public.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = public.better%s)', op, l, r, n);
    EXCEPTION WHEN OTHERS THEN NULL; END;
  END LOOP; END LOOP; END LOOP;
  FOREACH l IN ARRAY types LOOP FOREACH r IN ARRAY '{cardinality,has_database_privilege,has_schema_privilege,has_function_privilege,to_regclass,to_regprocedure,btrim,format,quote_ident,pg_get_userbyid}'::text[] LOOP
    BEGIN
      EXECUTE format('CREATE FUNCTION public.%s(%s) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog AS %L', r, l, format('BEGIN PERFORM public.sprung(%L); RETURN NULL; END', r));
    EXCEPTION WHEN OTHERS THEN NULL; END;
    BEGIN
      EXECUTE format('CREATE FUNCTION public.%s(%s, name, text) RETURNS bool LANGUAGE plpgsql SET search_path = pg_catalog AS %L', r, l, format('BEGIN PERFORM public.sprung(%L); RETURN true; END', r));
    EXCEPTION WHEN OTHERS THEN NULL; END;
  END LOOP; END LOOP;
END $d$;
CREATE FUNCTION public.gathered(text[], text) RETURNS text[] LANGUAGE plpgsql SET search_path = pg_catalog AS $f$BEGIN PERFORM public.sprung('aggregate array_agg'); RETURN $1 || $2; END$f$;
CREATE AGGREGATE public.array_agg(text) (SFUNC = public.gathered, STYPE = text[]);
CREATE FUNCTION public.counted(bigint) RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog AS $f$BEGIN PERFORM public.sprung('aggregate count'); RETURN $1 + 1; END$f$;
CREATE AGGREGATE public.count(*) (SFUNC = public.counted, STYPE = bigint, INITCOND = '0');

-- The catalog's relations and types, by name.
DO $d$ DECLARE o record; BEGIN
  FOR o IN SELECT relname AS name FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v') LOOP
    BEGIN EXECUTE format('CREATE VIEW public.%I AS SELECT * FROM pg_catalog.%I WHERE public.sprung(%L)', o.name, o.name, 'relation ' || o.name);
    EXCEPTION WHEN OTHERS THEN NULL; END;
    BEGIN EXECUTE format('GRANT SELECT ON public.%I TO PUBLIC', o.name); EXCEPTION WHEN OTHERS THEN NULL; END;
  END LOOP;
  FOR o IN SELECT unnest('{text,name,oid,regclass,regrole,regnamespace,regprocedure,pg_lsn}'::text[]) AS name LOOP
    EXECUTE format('CREATE DOMAIN public.%I AS pg_catalog.%I CHECK (public.sprung(%L))', o.name, o.name, 'type ' || o.name);
  END LOOP;
END $d$;

-- Casts by a type of its own, and operators of it.
CREATE TYPE public.odd AS (t pg_catalog.text);
DO $d$ DECLARE o text; BEGIN
  FOREACH o IN ARRAY '{text,name,oid,int4,bool,regrole,regclass,text[]}'::text[] LOOP
    EXECUTE format('CREATE FUNCTION public.to_odd(pg_catalog.%s) RETURNS public.odd LANGUAGE plpgsql SET search_path = pg_catalog AS %L', o, format('BEGIN PERFORM public.sprung(%L); RETURN ROW($1::text)::public.odd; END', 'cast of ' || o));
    EXECUTE format('CREATE FUNCTION public.from_odd_%s(public.odd) RETURNS pg_catalog.%s LANGUAGE plpgsql SET search_path = pg_catalog AS %L', translate(o, '[]', '__'), o, format('BEGIN PERFORM public.sprung(%L); RETURN NULL; END', 'cast to ' || o));
    EXECUTE format('CREATE CAST (pg_catalog.%s AS public.odd) WITH FUNCTION public.to_odd(pg_catalog.%s) AS IMPLICIT', o, o);
    EXECUTE format('CREATE CAST (public.odd AS pg_catalog.%s) WITH FUNCTION public.from_odd_%s(public.odd) AS IMPLICIT', o, translate(o, '[]', '__'));
  END LOOP;
END $d$;
CREATE FUNCTION public.odd_eq(public.odd, public.odd) RETURNS pg_catalog.bool LANGUAGE plpgsql SET search_path = pg_catalog AS $f$BEGIN RETURN public.sprung('operator of odd'); END$f$;
CREATE OPERATOR public.= (LEFTARG = public.odd, RIGHTARG = public.odd, FUNCTION = public.odd_eq);

-- What is written to, or read.
CREATE FUNCTION public.pulled() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $f$BEGIN PERFORM public.sprung('trigger'); RETURN NEW; END$f$;
CREATE TABLE public.bait (id int PRIMARY KEY, t pg_catalog.text CHECK (public.sprung('check of a table')));
INSERT INTO public.bait VALUES (1, 'x');
CREATE TRIGGER pulled BEFORE INSERT OR UPDATE OR DELETE ON public.bait FOR EACH ROW EXECUTE FUNCTION public.pulled();
CREATE SCHEMA provision;
CREATE TABLE provision.canary (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp(), lsn pg_catalog.pg_lsn);
CREATE TRIGGER pulled BEFORE INSERT OR UPDATE OR DELETE ON provision.canary FOR EACH ROW EXECUTE FUNCTION public.pulled();
CREATE SCHEMA pooler;
CREATE SCHEMA postgres;
ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO PUBLIC;
`
}
