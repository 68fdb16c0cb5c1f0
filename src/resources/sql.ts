import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { containerOf } from '../docker/api.ts'
import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { identifier, literal } from '../postgres/quote.ts'
import { createExtension, extensionsFound } from '../postgres/schema.ts'
import { privilegedExec } from '../postgres/session.ts'
import { Secret } from '../secret/secret.ts'
import { lines, type Script, sh } from '../shell/sh.ts'

interface Wanted {
  readonly database: string
  /** The service of the swarm whose container runs psql; it finds the leader by itself. */
  readonly via: string
  readonly holds: string | Secret
  readonly run: string | Secret
}

export interface SqlOptions extends Meta {
  readonly database?: string
  readonly via: string
  /** A boolean expression: nothing is done while it is true. */
  readonly holds: string | Secret
  readonly run: string | Secret
}

/**
 * Statements for the cluster's leader, as superuser, until an expression about the catalog holds. The session is pinned
 * (postgres/session.ts), and finds names in pg_catalog only; functions, types and relations are written with their schema all the same.
 */
export function sql(name: string, options: SqlOptions): Resource<Wanted, boolean> {
  const { database = 'postgres', via, holds, run } = options
  return resource(kind, name, { database, via, holds, run }, options)
}

type RoleOptions = Meta & {
  readonly via: string
  readonly password: Secret
  /** An account of the cluster itself: its sessions find names in pg_catalog only, also those that give no options of their own. */
  readonly isPinned?: boolean
}

/** A role that may log in. The server is given the SCRAM verifier, never the password. */
export function pgRole(name: string, options: RoleOptions): Resource<Wanted, boolean> {
  const { via, password, isPinned = false } = options
  const verifier = scramVerifier(name, password.reveal())
  const path = `EXISTS (SELECT FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_roles r ON r.oid = s.setrole WHERE r.rolname = ${literal(name)} AND s.setdatabase = 0 AND 'search_path=pg_catalog, pg_temp' = ANY (s.setconfig))`
  return resource(
    kind,
    `role ${name}`,
    {
      database: 'postgres',
      via,
      holds: new Secret(
        password.name,
        `EXISTS (SELECT FROM pg_catalog.pg_authid WHERE rolname = ${literal(name)} AND rolcanlogin AND rolpassword = ${literal(verifier)})${isPinned ? ` AND ${path}` : ''}`,
      ),
      run: new Secret(
        password.name,
        `SELECT 'CREATE ROLE ${identifier(name)}' WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = ${literal(name)}) \\gexec
ALTER ROLE ${identifier(name)} LOGIN PASSWORD ${literal(verifier)};${isPinned ? `\nALTER ROLE ${identifier(name)} SET search_path = pg_catalog, pg_temp;` : ''}`,
      ),
    },
    options,
  )
}

type DatabaseOptions = Meta & {
  readonly via: string
  readonly owner: string
  /** `async`: commits of this database do not wait for a standby; up to the replication lag can be lost. */
  readonly durability: 'sync' | 'async'
}

/** A database with its owner, that can be connected to; nobody else may unless granted. */
export function pgDatabase(name: string, options: DatabaseOptions): readonly Resource<Wanted, boolean>[] {
  const { via, owner, durability } = options
  const [id, text] = [identifier(name), literal(name)]
  const local = `EXISTS (SELECT FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase WHERE d.datname = ${text} AND s.setrole = 0 AND 'synchronous_commit=local' = ANY (s.setconfig))`
  return [
    resource(
      kind,
      `database ${name}`,
      {
        database: 'postgres',
        via,
        holds: `EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = ${text} AND datallowconn AND pg_catalog.pg_get_userbyid(datdba) = ${literal(owner)} AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(coalesce(datacl, pg_catalog.acldefault('d', datdba))) a WHERE a.grantee = 0))`,
        run: `SELECT 'CREATE DATABASE ${id} OWNER ${identifier(owner)}' WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = ${text}) \\gexec
ALTER DATABASE ${id} OWNER TO ${identifier(owner)};
ALTER DATABASE ${id} ALLOW_CONNECTIONS true;
REVOKE ALL ON DATABASE ${id} FROM PUBLIC;`,
      },
      options,
    ),
    resource(
      kind,
      `durability of ${name}`,
      {
        database: 'postgres',
        via,
        holds: durability === 'async' ? local : `NOT ${local}`,
        run:
          durability === 'async'
            ? `ALTER DATABASE ${id} SET synchronous_commit = local;`
            : `ALTER DATABASE ${id} RESET synchronous_commit;`,
      },
      options,
    ),
  ]
}

/**
 * An extension in a database, in a schema of the superuser's own (`provision_extensions`), which the database's default search_path
 * gets last. Where it is already, in whichever schema, it stays. What it requires must be there: name it before. The run stops
 * where an owner has a hand in the schema, or in that of what it requires.
 */
export function pgExtension(
  name: string,
  options: Meta & { readonly via: string; readonly database: string },
): Resource<Wanted, boolean> {
  const { via, database } = options
  return resource(
    kind,
    `extension ${name} in ${database}`,
    {
      database,
      via,
      holds: `EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = ${literal(name)})`,
      run: `${extensionsFound(name, database)}
${createExtension(name, database)}`,
    },
    options,
  )
}

type GrantOptions = Meta & {
  readonly via: string
  readonly database: string
  readonly owner: string
  readonly access: 'read' | 'write'
}

/**
 * What a role may do with the tables in `public` of a database, and with all that its owner will make later. What is a
 * superuser's own there is not given away.
 */
export function pgGrant(role: string, options: GrantOptions): Resource<Wanted, boolean> {
  const { via, database, owner, access } = options
  const rights = access === 'read' ? 'SELECT' : 'SELECT, INSERT, UPDATE, DELETE'
  const marks = access === 'read' ? ['r'] : ['r', 'a', 'w', 'd']
  const id = identifier(role)
  const oid = (name: string) => `${literal(identifier(name))}::pg_catalog.regrole`
  const defaults = `(SELECT pg_catalog.count(*) FROM pg_catalog.pg_default_acl d, pg_catalog.aclexplode(d.defaclacl) a WHERE d.defaclrole = ${oid(owner)} AND d.defaclnamespace = 0 AND d.defaclobjtype = 'r' AND a.grantee = ${oid(role)})`
  const theirs = (kinds: string) =>
    `SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_roles o ON o.oid = c.relowner WHERE n.nspname = 'public' AND c.relkind IN (${kinds}) AND NOT o.rolsuper`
  const given = (kinds: string, grant: string) => `FOR thing IN ${theirs(kinds)} LOOP
    EXECUTE pg_catalog.format('GRANT ${grant} public.%I TO ${id.replaceAll("'", "''")}', thing);
  END LOOP;`
  return resource(
    kind,
    `${access} for ${role} in ${database}`,
    {
      database,
      via,
      holds: `pg_catalog.has_database_privilege(${literal(role)}, pg_catalog.current_database(), 'CONNECT') AND ${defaults} = ${marks.length}`,
      run: `GRANT CONNECT ON DATABASE ${identifier(database)} TO ${id};
DO $$ DECLARE thing pg_catalog.name; BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'public') THEN RETURN; END IF;
  GRANT USAGE ON SCHEMA public TO ${id};
  ${given("'r', 'p', 'v', 'm', 'f'", `${rights} ON TABLE`)}
  ${access === 'write' ? given("'S'", 'USAGE ON SEQUENCE') : ''}
END $$;
ALTER DEFAULT PRIVILEGES FOR ROLE ${identifier(owner)} REVOKE ALL ON TABLES FROM ${id};
ALTER DEFAULT PRIVILEGES FOR ROLE ${identifier(owner)} GRANT ${rights} ON TABLES TO ${id};
${access === 'write' ? `ALTER DEFAULT PRIVILEGES FOR ROLE ${identifier(owner)} GRANT USAGE ON SEQUENCES TO ${id};` : ''}`,
    },
    options,
  )
}

const kind: Kind<Wanted, boolean> = {
  name: 'sql',
  secrets: ['holds', 'run'],
  timeoutSeconds: 300,
  probe(wanted) {
    // One psql for all databases: to enter a container costs more than all the questions.
    const questions = [...Map.groupBy(wanted, (w) => w.via)].map(([via, all]) => {
      const asked = [...Map.groupBy(all, (w) => w.database)].flatMap(([database, group]) => [
        sh`printf '%s\n' ${`\\connect ${identifier(database)}`}`,
        ...group.map((w) => sh`printf '%s\n' ${question(w, wanted.indexOf(w))}`),
      ])
      return sh`{ ${lines(asked)}; } | ${psql({ via, database: 'postgres' })} -qAt -F ' ' 2>/dev/null; :`
    })
    return {
      // A database that is not there yet, or a cluster that is not: nothing holds. psql goes on with the next \\connect.
      script: lines(questions),
      parse({ stdout }) {
        const held = new Set([...stdout.matchAll(/^holds (\d+) t$/gm)].map(([, i]) => Number(i)))
        return wanted.map((_, i) => held.has(i))
      },
    }
  },
  plan: (_, holds) => (holds ? [] : [{ attribute: 'state', from: 'differs', to: 'as wished' }]),
  apply: (planned) =>
    lines(
      planned.map(
        ({ desired }) =>
          // What fails is not written to the server's log with its text: it may hold a verifier.
          // Exit code 2 of psql: no connection, or a lost one. A failover may be under way; each statement may be repeated.
          sh`for i in 1 2 3 4 5 6; do printf '%s\n' 'SET log_min_error_statement = panic; SET log_min_duration_statement = -1;' ${desired.run} | ${psql(desired)} -q -v ON_ERROR_STOP=1 >&2; code=$?; [ "$code" = 2 ] || break; sleep 2; done; [ "$code" = 0 ] || exit "$code"`,
      ),
    ),
}

function question({ holds }: Wanted, index: number): string | Secret {
  const ask = (text: string) => `SELECT 'holds', ${index}, (${text});`
  return holds instanceof Secret ? new Secret(holds.name, ask(holds.reveal())) : ask(holds)
}

function psql({ via, database }: Pick<Wanted, 'via' | 'database'>): Script {
  return sh`${privilegedExec(oneOf(via))} psql-leader -d ${database}`
}

function oneOf(service: string): Script {
  return sh`"$(${containerOf(service)} | head -n 1)"`
}

/**
 * psql as a client of the cluster, from inside a service's container: the first line of standard input is the password, so
 * that it is in no process list; the rest is psql's. `target` is a connection string. It may lead to PgBouncer, which drops options,
 * so this is for accounts without more rights than an owner, and for the pooler's own in the cluster's own database.
 */
export function clientPsql(via: string, target: string, args: readonly string[]): Script {
  const inside = sh`IFS= read -r PGPASSWORD; export PGPASSWORD; exec psql -X ${target} ${args}`
  return sh`docker exec -i ${oneOf(via)} sh -c ${inside.text}`
}

/**
 * PostgreSQL's form of a SCRAM-SHA-256 verifier (RFC 5802, RFC 7677; 4096 rounds as the server's own default). The salt
 * follows from role and password, so that the same password gives the same verifier and can be compared.
 */
export function scramVerifier(role: string, password: string): string {
  const rounds = 4096
  const salt = createHash('sha256').update(`${role}\0${password}`).digest().subarray(0, 16)
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, rounds, 32, 'sha256')
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest()
  const stored = createHash('sha256').update(hmac('Client Key')).digest('base64')
  return `SCRAM-SHA-256$${rounds}:${salt.toString('base64')}$${stored}:${hmac('Server Key').toString('base64')}`
}
