import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { sh } from '../shell/sh.ts'

/** Reboots the host when `when` (a script) exits 0, and waits for it to be back with a new boot id. */
export function reboot(
  name: string,
  options: Meta & { readonly when: string },
): Resource<{ readonly when: string }, boolean> {
  return resource(kind, name, { when: options.when }, options)
}

/** Debian's own wish for one: packages that need a boot leave this file. */
export const rebootRequired = '[ -e /run/reboot-required ]'

/**
 * Says why a boot is wanted, and succeeds where one is: by a package, or by a kernel that is installed and newer than the
 * one that runs.
 */
export const bootWanted = `if [ -e /run/reboot-required ]; then p=$(sort -u /run/reboot-required.pkgs 2>/dev/null | paste -sd ' '); echo "/run/reboot-required\${p:+: $p}"
else r=$(uname -r); k=$(ls -1 /boot/vmlinuz-* 2>/dev/null | sed 's|.*/vmlinuz-||' | sort -V | tail -n 1)
[ -n "$k" ] && [ "$(printf '%s\\n' "$k" "$r" | sort -V | tail -n 1)" != "$r" ] && echo "$r runs, $k is installed"; fi`

const kind: Kind<{ readonly when: string }, boolean> = {
  name: 'reboot',
  reboots: true,
  probe: (wanted) => ({
    isolated: true,
    script: sh`for w in ${wanted.map((w) => w.when)}; do (eval "$w") >/dev/null 2>&1 </dev/null; echo "$?"; done`,
    parse: ({ stdout }) => {
      const codes = stdout.trim().split('\n')
      return wanted.map((_, i) => codes[i] === '0')
    },
  }),
  plan: (_, needed) => (needed ? [{ attribute: 'boot', from: 'reboot needed', to: 'rebooted' }] : []),
  // Not at once: this very script must come to its end and be answered first. A timer of systemd's may be a minute
  // late unless it is told how exact to be.
  apply: () =>
    sh`systemd-run --quiet --collect --on-active=1 --timer-property=AccuracySec=100ms systemctl reboot`,
  risks: () => ['reboot'],
}
