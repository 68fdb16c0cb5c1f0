import { type Script, sh } from 'provision'

/** Where sysctl.d(5) reads files from, the strongest folder first: of two files of one name the first one counts. */
const folders = ['/etc/sysctl.d', '/run/sysctl.d', '/usr/local/lib/sysctl.d', '/usr/lib/sysctl.d']

/** Sorts behind `99-sysctl.conf`, Debian's link to /etc/sysctl.conf, and behind the usual names of hardening roles. */
export const sysctlFile = '/etc/sysctl.d/99-zz-provision.conf'

/**
 * Does a boot leave these values as they are? systemd reads all files in the order of their names, and the last one wins; ufw
 * sets those of its own file when it starts. Names the files and keys that would win. No process where there is no such file.
 * `root`: where the folders lie, for tests.
 */
export function keptAfterBoot(values: ReadonlyMap<string, string | number>, root = ''): Script {
  const wanted = [...values].map(([key, value]) => `${key}=${value}`)
  return sh`later=
for d in ${folders.map((folder) => root + folder)}; do for f in "$d"/*.conf; do
  [ -e "$f" ] || continue; n=\${f##*/}
  if [ "$n" \> ${sysctlFile.split('/').at(-1) ?? ''} ]; then case " $later " in *"/$n "*) ;; *) later="$later $f" ;; esac; fi
done; done
if [ -e ${`${root}/etc/ufw/sysctl.conf`} ] && grep -q '^ENABLED=yes' ${`${root}/etc/ufw/ufw.conf`} 2>/dev/null; then later="$later ${root}/etc/ufw/sysctl.conf"; fi
[ -n "$later" ] || { echo 'no file comes after ours'; exit 0; }
printf '%s\n' ${wanted} | awk '
function trim(s) { gsub(/^[ \t]+|[ \t]+$/, "", s); gsub(/[ \t]+/, " ", s); return s }
NR == FNR { i = index($0, "="); want[substr($0, 1, i - 1)] = substr($0, i + 1); next }
/^[ \t]*([#;]|$)/ { next }
{ i = index($0, "="); if (!i) next
  key = trim(substr($0, 1, i - 1)); sub(/^-/, "", key); value = trim(substr($0, i + 1))
  # With a slash first, slashes are the separators, and a dot is a dot of an interface.
  if (match(key, /[.\/]/) && substr(key, RSTART, 1) == "/") { gsub(/\./, "\001", key); gsub(/\//, ".", key); gsub(/\001/, "/", key) }
  if (key in want) { if (value == want[key]) delete last[key]; else last[key] = FILENAME ": " key " = " value } }
END { for (key in last) { printf "%s%s", sep, last[key]; sep = "; " }; if (sep) print ""; else print "the same"; exit (sep != "") }' - $later`
}
