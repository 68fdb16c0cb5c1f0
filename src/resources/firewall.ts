import { createHash } from 'node:crypto'
import { RefusedError } from '../errors.ts'
import { scriptPath } from '../firewall/host-script.ts'
import { type Policy, render, rulesOf } from '../firewall/render.ts'
import { familyOf } from '../firewall/rules.ts'
import { admits } from '../firewall/simulate.ts'
import type { Change, Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { lines, sh, showAs } from '../shell/sh.ts'

interface Wanted {
  readonly policy: Policy
  /** The connection we come by: rules that would refuse it are never loaded. */
  readonly keep?: { readonly from: string; readonly port: number } | undefined
  readonly rollbackSeconds: number
}

interface Found {
  readonly loaded: string
  /** What our chains looked like when they were last confirmed, behind the digest of what was asked for then. */
  readonly confirmed: string
  readonly persistent: boolean
  readonly legacy: number
}

/**
 * Our chains of the packet filter, v4 and v6, as one piece. Loaded atomically under a timed rollback on the host;
 * the rollback is disarmed, and the rules are kept for the next boot, only over a *new* connection.
 */
export function firewall(
  options: Meta & {
    readonly policy: Policy
    readonly keep?: Wanted['keep']
    readonly rollbackSeconds?: number
  },
): Resource<Wanted, Found> {
  const { policy, keep, rollbackSeconds = 60 } = options
  return resource(kind, 'provision', { policy, keep, rollbackSeconds }, options)
}

const state = '/var/lib/provision'

const kind: Kind<Wanted, Found> = {
  name: 'firewall',
  probe: (wanted) => ({
    script: dump,
    parse({ stdout }) {
      const [loaded = '', confirmed = '', sums = '', legacy] = stdout.split(/^--\n/m)
      if (legacy === undefined) throw new Error('the answer is cut off')
      return wanted.map((w) => ({
        loaded,
        confirmed,
        persistent: [4, 6].every((f) => sums.includes(sumOf(render(w.policy, f as 4 | 6)))),
        legacy: Number(legacy.trim()),
      }))
    },
  }),
  plan(wanted, found) {
    guard(wanted)
    const changes: Change[] = []
    const [digest, ...rules] = found.confirmed.split('\n')
    if (digest !== digestOf(wanted.policy))
      changes.push({ attribute: 'rules', from: digest || 'absent', to: digestOf(wanted.policy) })
    else if (rules.join('\n') !== found.loaded)
      changes.push({
        attribute: 'rules',
        from: 'changed on the host',
        to: digest,
        diff: difference(rules, found.loaded.split('\n')),
      })
    else if (!found.persistent)
      changes.push({ attribute: 'boot', from: 'other rules after a boot', to: 'these rules' })
    return changes
  },
  apply(planned) {
    return lines(planned.map(({ desired }) => load(desired)))
  },
  confirm: (planned) =>
    lines([
      sh`set -e`,
      // The rollback takes this mark away: when it has already fired, there is nothing left to confirm.
      sh`systemctl stop provision-firewall-rollback.timer 2>/dev/null || :`,
      sh`[ -e /run/provision/firewall.pending ] || { echo 'the rollback has already run' >&2; exit 1; }`,
      sh`mkdir -p /etc/provision; for f in v4 v6; do mv -f ${state}/firewall.new.$f /etc/provision/firewall.$f; done; sync /etc/provision/firewall.v4 /etc/provision/firewall.v6`,
      ...planned.map(
        ({ desired }) =>
          sh`{ echo ${digestOf(desired.policy)}; { ${rulesOnly} } 2>/dev/null; } > ${state}/firewall.confirmed.new`,
      ),
      sh`mv -f ${state}/firewall.confirmed.new ${state}/firewall.confirmed; rm -f /run/provision/firewall.pending`,
    ]),
  risks: () => ['ssh'],
}

/** Our chains and the first rule of the two chains that must jump to them; counters and others' rules left out. */
const rulesOnly = sh`for t in iptables ip6tables; do if command -v "$t-save" >/dev/null; then "$t-save" -t filter | awk '/^-A (INPUT|DOCKER-USER) /{ if (!seen[$2]++) print; next } /^-A PROVISION-/'; else echo absent; fi; echo "== $t"; done;`

const dump = sh`${rulesOnly}
echo --; cat ${state}/firewall.confirmed 2>/dev/null
echo --; sha256sum /etc/provision/firewall.v4 /etc/provision/firewall.v6 2>/dev/null
echo --; if [ -s /proc/net/ip_tables_names ]; then iptables-legacy-save 2>/dev/null | grep -c '^-A'; else echo 0; fi`

function load({ policy, rollbackSeconds }: Wanted) {
  const v4 = render(policy, 4)
  const v6 = render(policy, 6)
  const script = sh`set -e; umask 077; mkdir -p ${state} /run/provision
printf %s ${v4} > ${state}/firewall.new.v4; printf %s ${v6} > ${state}/firewall.new.v6
iptables-restore --test --noflush < ${state}/firewall.new.v4; ip6tables-restore --test --noflush < ${state}/firewall.new.v6
systemctl stop provision-firewall-rollback.timer 2>/dev/null || :
${scriptPath} save
: > /run/provision/firewall.pending
systemd-run --quiet --collect --unit=provision-firewall-rollback --on-active=${rollbackSeconds} --timer-property=AccuracySec=1s ${scriptPath} rollback
${scriptPath} load ${state}/firewall.new.v4 ${state}/firewall.new.v6 || { ${scriptPath} rollback; exit 1; }`
  return showAs(
    script,
    `${v4}${v6}${scriptPath} load, rolled back after ${rollbackSeconds} s unless a new connection confirms it`,
  )
}

/** Refuses, before anything is touched, rules that would not let the connection in by which they come. */
function guard({ policy, keep }: Wanted): void {
  if (!keep) return
  const packet = { protocol: 'tcp' as const, from: keep.from, port: keep.port }
  if (admits(rulesOf(policy, familyOf(keep.from)), packet)) return
  throw new RefusedError({
    what: `these firewall rules would lock us out: SSH from ${keep.from} to port ${keep.port} would be dropped`,
    next: `add ${keep.from} (or its network) to firewall.admin in the inventory`,
  })
}

function sumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function digestOf(policy: Policy): string {
  return `sha256:${sumOf(render(policy, 4) + render(policy, 6)).slice(0, 16)}`
}

function difference(before: readonly string[], after: readonly string[]): string {
  return [
    ...before.filter((row) => !after.includes(row)).map((row) => `+ ${row}`),
    ...after.filter((row) => !before.includes(row)).map((row) => `- ${row}`),
  ].join('\n')
}
