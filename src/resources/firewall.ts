import { createHash } from 'node:crypto'
import { RefusedError } from '../errors.ts'
import { confirmRules, digestOf, loadRules, rulesOnly, stateFolder } from '../firewall/load.ts'
import { type Policy, render, rulesOf, textsOf } from '../firewall/render.ts'
import { familyOf } from '../firewall/rules.ts'
import { admits } from '../firewall/simulate.ts'
import type { Change, Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { lines, sh } from '../shell/sh.ts'

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
    const wished = digestOf(textsOf(wanted.policy))
    const [digest, ...rules] = found.confirmed.split('\n')
    if (digest !== wished) changes.push({ attribute: 'rules', from: digest || 'absent', to: wished })
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
    return lines(planned.map(({ desired }) => loadRules(textsOf(desired.policy), desired.rollbackSeconds)))
  },
  confirm: (planned) => lines(planned.map(({ desired }) => confirmRules(digestOf(textsOf(desired.policy))))),
  risks: () => ['ssh'],
}

const dump = sh`${rulesOnly}
echo --; cat ${stateFolder}/firewall.confirmed 2>/dev/null
echo --; sha256sum /etc/provision/firewall.v4 /etc/provision/firewall.v6 2>/dev/null
echo --; if [ -s /proc/net/ip_tables_names ]; then iptables-legacy-save 2>/dev/null | grep -c '^-A'; else echo 0; fi`

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

function difference(before: readonly string[], after: readonly string[]): string {
  return [
    ...before.filter((row) => !after.includes(row)).map((row) => `+ ${row}`),
    ...after.filter((row) => !before.includes(row)).map((row) => `- ${row}`),
  ].join('\n')
}
