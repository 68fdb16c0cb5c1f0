import { containerOf } from '../docker/api.ts'
import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { localPsql } from '../postgres/session.ts'
import { lines, raw, sh } from '../shell/sh.ts'

type State = 'sound' | 'damaged'

interface Wanted {
  readonly name: string
  /** The service of the swarm whose container runs the server. */
  readonly via: string
  readonly expected: State
}

/**
 * What reading every page of a member's data must find. PostgreSQL itself reads them for a base backup that it throws away,
 * and compares their checksums; `damaged` is also found by what it has counted before (checksum_failures). The verdict is
 * kept in /run/provision by `name`, so that one name is read once: give each procedure its own.
 */
export function pgPages(
  name: string,
  options: { readonly via: string; readonly expected: State } & Meta,
): Resource<Wanted, string> {
  const { via, expected, ...meta } = options
  return resource(kind, name, { name, via, expected }, meta)
}

const noteOf = (name: string) => `/run/provision/pages-${name.replaceAll(/[^A-Za-z0-9.-]+/g, '-')}`

const kind: Kind<Wanted, string> = {
  name: 'pg-pages',
  verifies: true,
  // All data is read once: a terabyte at 100 MB/s takes three hours.
  timeoutSeconds: 12 * 3600,
  probe: (wanted) => ({
    script: lines(wanted.map(({ name }) => sh`cat ${noteOf(name)} 2>/dev/null || echo 'not read'`)),
    parse: ({ stdout }) => wanted.map((_, i) => stdout.split('\n')[i] ?? ''),
  }),
  plan: ({ expected }, seen) => (seen === expected ? [] : [{ attribute: 'pages', from: seen, to: expected }]),
  apply: (planned) => lines(planned.map(({ desired }) => read(desired))),
}

function read({ name, via, expected }: Wanted) {
  const note = noteOf(name)
  const failures = `SELECT coalesce(pg_catalog.sum(checksum_failures), 0) FROM pg_catalog.pg_stat_database`
  const backup =
    'PGPASSWORD=$(cat /run/secrets/pg-replication) PGSSLMODE=require exec pg_basebackup -w -h 127.0.0.1 -U replicator --target=blackhole -X none -c fast'
  const wrong =
    expected === 'sound'
      ? 'a page of it is damaged'
      : 'every page was read, and its checksum is right: nothing is damaged (--force makes it anew all the same)'
  return sh`c=$(${containerOf(via)}); [ -n "$c" ] || { echo ${`no container of ${via} runs: its data cannot be read`} >&2; exit 1; }
counted=$(${localPsql(raw('"$c"'))} -Atc ${failures} postgres </dev/null) || { echo 'PostgreSQL does not answer here: its data cannot be judged' >&2; exit 1; }
if [ "$counted" != 0 ]; then found=damaged; said="PostgreSQL has counted $counted wrong checksums"
elif said=$(docker exec "$c" sh -c ${backup} 2>&1); then found=sound; said=
else case $said in *checksum*|*'could not read'*|*'invalid page'*) found=damaged ;; *) printf '%s\n' "$said" >&2; exit 1 ;; esac; fi
echo "$found" >${note}
[ "$found" = ${expected} ] || { printf '%s\n' ${wrong} >&2; printf %s "$said" | grep -i 'checksum\|could not read\|invalid page' >&2; exit 1; }`
}
