import { type Script, sh } from '../shell/sh.ts'
import { parseTail } from '../shell/tail.ts'

/** One folder for each change of our rules, named by its moment; only root may read it. */
export const historyFolder = '/var/lib/provision/firewall.history'

/** Entries that stay on a host. One is about 20 kB. */
export const historyKept = 30

/**
 * Notes who loads which rules over which; leaves the entry's folder in `$entry`. Whoever holds the host's lock is who
 * changes it. Rules that were confirmed before there was a history become its first entry, to go back to.
 */
export const keepHistory: Script = sh`history=${historyFolder}; mkdir -p "$history"
if [ -z "$(ls "$history")" ] && [ -e /etc/provision/firewall.v6 ]; then
  entry=$history/$(date -u -r /etc/provision/firewall.v4 +%Y-%m-%dT%H:%M:%S.%3NZ); mkdir -p "$entry"
  echo 'unknown: confirmed before a history was kept' > "$entry/who"
  cp /etc/provision/firewall.v4 "$entry/v4"; cp /etc/provision/firewall.v6 "$entry/v6"
  cp /var/lib/provision/firewall.before "$entry/after"
fi
entry=$history/$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ); mkdir -p "$entry"
cat /run/provision/locked-by > "$entry/who" 2>/dev/null || echo unknown > "$entry/who"
cp /var/lib/provision/firewall.new.v4 "$entry/v4"; cp /var/lib/provision/firewall.new.v6 "$entry/v6"
cp /var/lib/provision/firewall.before "$entry/before" 2>/dev/null || :
ls "$history" | head -n -${historyKept} | while read -r old; do rm -rf "$history/$old"; done`

/** A change of the rules of a host. */
export interface HistoryEntry {
  /** ISO 8601, UTC; the entry's name. */
  readonly at: string
  readonly who: string
  /** As they were asked for, for `iptables-restore`. */
  readonly texts: { readonly 4: string; readonly 6: string }
  /** As the kernel had them before and after, both families. */
  readonly before: string
  readonly after: string
}

/** Prints every file of the history behind its name. */
export const readHistory: Script = sh`cd ${historyFolder} 2>/dev/null && tail -v -n +1 */who */v4 */v6 */before */after 2>/dev/null; :`

/** Understands what `readHistory` printed; oldest first. */
export function parseHistory(text: string): readonly HistoryEntry[] {
  const entries = new Map<string, Record<string, string>>()
  for (const [path, content] of parseTail(text)) {
    const [at = '', file = ''] = path.split('/')
    entries.set(at, { ...entries.get(at), [file]: content })
  }
  return [...entries]
    .map(([at, { who = '', v4 = '', v6 = '', before = '', after = '' }]) => ({
      at,
      who: who.trim(),
      texts: { 4: v4, 6: v6 },
      before,
      after,
    }))
    .toSorted((a, b) => (a.at < b.at ? -1 : 1))
}
