import { identifier, literal } from './quote.ts'

/** Where extensions go: the superuser's own schema, in which nobody else can make anything. */
export const extensionSchema = 'provision_extensions'

/**
 * A boolean expression: somebody other than a superuser has a hand in the schema `n` of pg_namespace: owns it, may create in it, or
 * has something in it. The owner of public is pg_database_owner, so it counts as the database's owner's.
 */
const isForeign = `(NOT (SELECT o.rolsuper FROM pg_catalog.pg_authid o WHERE o.oid = n.nspowner)
  OR EXISTS (SELECT FROM pg_catalog.aclexplode(n.nspacl) a LEFT JOIN pg_catalog.pg_authid g ON g.oid = a.grantee WHERE a.privilege_type = 'CREATE' AND g.rolsuper IS NOT TRUE)
  OR EXISTS (SELECT FROM (
    SELECT proowner AS owner FROM pg_catalog.pg_proc WHERE pronamespace = n.oid UNION ALL
    SELECT oprowner FROM pg_catalog.pg_operator WHERE oprnamespace = n.oid UNION ALL
    SELECT typowner FROM pg_catalog.pg_type WHERE typnamespace = n.oid UNION ALL
    SELECT relowner FROM pg_catalog.pg_class WHERE relnamespace = n.oid) AS things JOIN pg_catalog.pg_authid o ON o.oid = things.owner WHERE NOT o.rolsuper))`

/** A boolean expression about the database that it is asked in: there is the schema, and it is the superuser's own. */
export function hasOwnSchema(name: string): string {
  return `EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE n.nspname = ${literal(name)} AND NOT ${isForeign})`
}

/** Statements for the body of a DO block: the schema is there, and is the superuser's own; otherwise an error that says whose it is. */
export function ownSchema(name: string): string {
  return `IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = ${literal(name)}) THEN
    CREATE SCHEMA ${identifier(name)};
  END IF;
  IF NOT ${hasOwnSchema(name)} THEN
    RAISE EXCEPTION 'schema ${name} of database % is not the superuser''s own: it belongs to %, or others may create in it, or have something in it', pg_catalog.current_database(), (SELECT pg_catalog.pg_get_userbyid(nspowner) FROM pg_catalog.pg_namespace WHERE nspname = ${literal(name)})
      USING HINT = 'what is in it could be run as superuser, so it is not used. Put it out of the way, in that database: ALTER SCHEMA ${name} RENAME TO ${name}_old; then run provision again';
  END IF;`
}

/** The same as a statement. */
export function ownSchemaStatement(name: string): string {
  return `DO $$ BEGIN
  ${ownSchema(name)}
END $$;`
}

/**
 * psql's statements, connected to a database, before the first extension is made there: the schema of the extensions is put last into
 * the database's default search_path, which its owner may change, so that applications find them unqualified. That is done from
 * the database `postgres`: while the owner's path is in force, the session is in no database of the owner's.
 */
export function extensionsFound(name: string, database: string): string {
  return `SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = ${literal(name)})
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = ${literal(extensionSchema)}) AS is_first \\gset
\\if :is_first
\\connect postgres
${appendToPath(database)}
\\connect ${identifier(database)}
\\endif`
}

/**
 * A statement that makes an extension in the database where it is run, unless it is there. It goes into the superuser's own schema,
 * unless its control file names one. What it requires is made by nobody on the way (no CASCADE): it must be there already, where
 * no owner can have put anything beside it, because the extension's script finds names there.
 */
export function createExtension(name: string, database: string): string {
  return `DO $$ DECLARE offered record; said text; BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = ${literal(name)}) THEN RETURN; END IF;
  SELECT v.schema, coalesce(v.requires, '{}') AS requires INTO offered FROM pg_catalog.pg_available_extensions a
    JOIN pg_catalog.pg_available_extension_versions v ON v.name = a.name AND v.version = a.default_version WHERE a.name = ${literal(name)};
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no extension ${name} in the image of PostgreSQL' USING HINT = 'SELECT name FROM pg_available_extensions says which there are';
  END IF;
  SELECT pg_catalog.string_agg(r::pg_catalog.text, ', ') INTO said FROM pg_catalog.unnest(offered.requires) AS r
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = r);
  IF said IS NOT NULL THEN
    RAISE EXCEPTION 'extension ${name} requires %, which database ${database} does not have', said
      USING HINT = 'name it before ${name} in databases.list, extensions';
  END IF;
  SELECT pg_catalog.string_agg(pg_catalog.format('%s in schema %I', e.extname, n.nspname), ', ') INTO said
    FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = ANY (offered.requires) AND ${isForeign};
  IF said IS NOT NULL THEN
    RAISE EXCEPTION 'extension ${name} requires %, where others than a superuser can make something that it would run', said
      USING HINT = 'as superuser, in database ${database}: ALTER EXTENSION … SET SCHEMA ${extensionSchema}; then run provision again';
  END IF;
  IF offered.schema IS NULL THEN
    ${ownSchema(extensionSchema)}
    GRANT USAGE ON SCHEMA ${extensionSchema} TO PUBLIC;
    CREATE EXTENSION ${identifier(name)} SCHEMA ${extensionSchema};
  ELSE
    IF EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE n.nspname = offered.schema AND ${isForeign}) THEN
      RAISE EXCEPTION 'extension ${name} belongs into schema %, which is not the superuser''s own in database ${database}', offered.schema
        USING HINT = 'put that schema out of the way: ALTER SCHEMA … RENAME TO …; then run provision again';
    END IF;
    CREATE EXTENSION ${identifier(name)};
  END IF;
END $$;`
}

/**
 * Puts the schema of the extensions last into the default search_path of a database, whatever stands there: what its owner has set, or
 * what all databases have. The owner's text is never part of a statement: it is any text that the server takes for a list of names.
 */
function appendToPath(database: string): string {
  const setting = (where: string) =>
    `(SELECT pg_catalog.substr(c, 13) FROM pg_catalog.pg_db_role_setting s LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase, pg_catalog.unnest(s.setconfig) AS c WHERE s.setrole = 0 AND ${where} AND pg_catalog.starts_with(c, 'search_path='))`
  return `DO $$ DECLARE path text := coalesce(
    ${setting(`d.datname = ${literal(database)}`)},
    ${setting('s.setdatabase = 0')},
    (SELECT f.setting FROM pg_catalog.pg_file_settings f WHERE f.name = 'search_path' AND f.error IS NULL ORDER BY f.seqno DESC LIMIT 1),
    '"$user", public'); BEGIN
  IF path ~ '(^|,) *"?${extensionSchema}"? *(,|$)' THEN RETURN; END IF;
  PERFORM pg_catalog.set_config('search_path', pg_catalog.concat_ws(', ', nullif(pg_catalog.btrim(path), ''), '${extensionSchema}'), true);
  -- No name is looked up in either of these.
  ALTER DATABASE ${identifier(database)} SET search_path FROM CURRENT;
  SET LOCAL search_path = pg_catalog, pg_temp;
END $$;`
}
