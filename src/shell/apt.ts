import { type Script, sh } from './sh.ts'

/** When provision fetched the package lists last: the file's own time. */
const stamp = '/var/lib/provision/apt-updated'

/** Two minutes for another apt (a boot's unattended upgrade) to end. */
export const aptWaiting = ['-o', 'DPkg::Lock::Timeout=120']

/** Files that somebody has changed by hand stay as they are. */
export const aptKeeping = ['-o', 'Dpkg::Options::=--force-confdef', '-o', 'Dpkg::Options::=--force-confold']

/** needrestart may only list: it must never restart the database or Docker by itself. */
export const aptQuiet = sh`export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l APT_LISTCHANGES_FRONTEND=none`

/** An earlier run may have died in the middle of dpkg. */
export const dpkgWhole = sh`if [ -n "$(dpkg --audit)" ]; then dpkg --configure -a; fi`

/** Succeeds where the package lists are older than so many minutes, or than a source. */
export function aptListsAreOld(minutes: number): Script {
  return sh`{ [ -z "$(find ${stamp} -mmin ${`-${minutes}`} 2>/dev/null)" ] || [ -n "$(find /etc/apt -name '*.list' -newer ${stamp} -o -name '*.sources' -newer ${stamp} -o -name '*.conf' -newer ${stamp})" ]; }`
}

/**
 * Fetches the package lists. apt waits for dpkg's locks by itself, and for that of the lists not at all: a boot's own update
 * holds it for a minute, so it is tried again for two.
 */
export const aptUpdate = sh`mkdir -p -m 0700 /var/lib/provision
apt_lists() { i=0
until said=$(apt-get update -qq ${aptWaiting} 2>&1); do
case $i:$said in [0-9]:*lists/lock*|[1-5][0-9]:*lists/lock*) i=$((i + 1)); sleep 2 ;; *) printf '%s\n' "$said" >&2; return 1 ;; esac
done; }
apt_lists && : > ${stamp}`
