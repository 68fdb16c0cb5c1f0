import { containerOf, createExtension, extensionsFound, type Resource, type Script, sh, sql } from 'provision'

/** What the image says of RuVector's index: measured once, on a throw-away server, when the image was built. */
const verdict = '/usr/share/provision/ruvector'

/**
 * RuVector in a database. Where its index is not sound (not in WAL, wrong answers) it comes without its access methods: types,
 * operators and exact scans are replicated, and an index that lies cannot be made.
 */
export function ruvector(database: string, via: string): Resource {
  return sql(`extension ruvector in ${database}, indexes only if sound`, {
    via,
    database,
    holds: `EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'ruvector') AND (${sound} OR NOT EXISTS (SELECT FROM (${indexParts}) parts))`,
    // In one transaction: nobody can make an index in between. One that is there already stops it, with its name.
    run: `DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'vector') THEN
    RAISE EXCEPTION 'database ${database} has pgvector, and RuVector has an access method of the same name'
      USING HINT = 'take a new database for RuVector';
  END IF;
END $$;
${extensionsFound('ruvector', database)}
BEGIN;
${createExtension('ruvector', database)}
DO $$ DECLARE part record; BEGIN
  IF NOT ${sound} THEN
    FOR part IN ${indexParts} LOOP
      EXECUTE pg_catalog.format('ALTER EXTENSION ruvector DROP %s %s', part.type, part.identity);
      EXECUTE pg_catalog.format('DROP %s %s', part.type, part.identity);
    END LOOP;
  END IF;
  EXECUTE pg_catalog.format('COMMENT ON EXTENSION ruvector IS %L', pg_catalog.rtrim(pg_catalog.pg_read_file('${verdict}'), E'\\n'));
END $$;
COMMIT;`,
  })
}

const sound = `pg_catalog.pg_read_file('${verdict}') LIKE 'index sound%'`

/** What an index needs, in the order in which it can be dropped: operator classes, their families, access methods. */
const indexParts = `SELECT o.type, o.identity FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, 0) o WHERE e.extname = 'ruvector' AND d.deptype = 'e' AND o.type IN ('operator class', 'operator family', 'access method') ORDER BY o.type = 'access method', o.type = 'operator family'`

/** Prints the verdict of the image that this host's member runs; fails where the index is not sound. */
export function ruvectorVerdict(service: string): Script {
  return sh`said=$(docker exec "$(${containerOf(service)} | head -n 1)" cat ${verdict}); printf '%s\n' "$said"; case $said in 'index sound'*) ;; *) exit 1 ;; esac`
}
