import { raw, type Script, sh, showAs } from '../shell/sh.ts'

/**
 * What a session with more rights than a database's owner is given when it connects. A startup option beats whatever the owner
 * has set by ALTER DATABASE, or a role by ALTER ROLE. Here is every setting that an owner may make (context `user`, and some that
 * pg_settings does not show) and that changes what our statements mean, whether they work, or what others can read of them;
 * not those that only change a plan, its speed, or how much memory it takes (docs/decisions/0022-privileged-sessions.md).
 */
export const pins: Readonly<Record<string, string>> = {
  // Names: nothing of a schema that an owner writes to is found.
  search_path: 'pg_catalog,pg_temp',
  // Who we are, and whose code is loaded.
  role: 'none',
  local_preload_libraries: '',
  // How a statement is read.
  standard_conforming_strings: 'on',
  backslash_quote: 'safe_encoding',
  escape_string_warning: 'on',
  array_nulls: 'on',
  transform_null_equals: 'off',
  DateStyle: 'ISO,MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  timezone_abbreviations: 'Default',
  // What it answers.
  quote_all_identifiers: 'off',
  extra_float_digits: '1',
  bytea_output: 'hex',
  xmlbinary: 'base64',
  xmloption: 'content',
  client_min_messages: 'notice',
  row_security: 'off',
  restrict_nonsystem_relation_kind: '',
  // What it makes, and where.
  default_tablespace: '',
  temp_tablespaces: '',
  default_table_access_method: 'heap',
  check_function_bodies: 'on',
  password_encryption: 'scram-sha-256',
  'plpgsql.extra_errors': 'none',
  'plpgsql.extra_warnings': 'none',
  // Transactions.
  default_transaction_read_only: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  exit_on_error: 'off',
  // Time. An owner's lock holds us up for a minute, which is less than any limit of ours: the server can say what it was.
  lock_timeout: '60s',
  statement_timeout: '0',
  transaction_timeout: '0',
  idle_session_timeout: '0',
  idle_in_transaction_session_timeout: '5min',
  // The connection, as the sheet has it (roles/sheets/postgres.ts).
  tcp_user_timeout: '15s',
  tcp_keepalives_idle: '30',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
  // What the server's log is told of our statements.
  debug_print_parse: 'off',
  debug_print_rewritten: 'off',
  debug_print_plan: 'off',
}

/** They as libpq takes them (PGOPTIONS). */
export const pinOptions = Object.entries(pins)
  .map(([name, value]) => `-c ${name}=${value.replaceAll(' ', '\\ ')}`)
  .join(' ')

/** The environment of such a session: of whatever speaks to PostgreSQL by libpq. */
export const pinned = { PGOPTIONS: pinOptions, PGCLIENTENCODING: 'UTF8' } as const

/** The same as a file that a shell reads: the image of PostgreSQL has it, for psql-leader. */
export const pinsFile = `# Made from src/postgres/session.ts.
export PGCLIENTENCODING=UTF8 PGOPTIONS='${pinOptions}'
`

/**
 * `docker exec` of a client with more rights than an owner. The pins come from here and not from the image: a cluster whose image
 * is older is entered with them as well. `container` is a word of the shell; the program and its arguments follow.
 */
export function privilegedExec(container: Script): Script {
  const script = sh`docker exec -i -e PGCLIENTENCODING=UTF8 -e ${`PGOPTIONS=${pinOptions}`} ${container}`
  return showAs(script, `docker exec -i -e PGOPTIONS=… ${container.shown}`)
}

/** psql as superuser on the very member whose container it is, by its socket. */
export function localPsql(container: Script): Script {
  return sh`${privilegedExec(container)} ${raw('psql -X -h /run/postgresql -U postgres')}`
}
