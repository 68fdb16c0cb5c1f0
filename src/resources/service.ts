import type { Change, Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { lines, sh } from '../shell/sh.ts'

interface Wanted {
  readonly unit: string
}

interface Live {
  readonly enabled: boolean
  readonly active: boolean
  readonly needsReload: boolean
}

/** A systemd service that is enabled and runs; restarted when one of `restartOn` changes, and even if the run that changed it died. */
export function service(
  name: string,
  options: Omit<Meta, 'triggers'> & { readonly restartOn?: readonly Resource[] } = {},
): Resource<Wanted, Live> {
  const unit = name.includes('.') ? name : `${name}.service`
  return resource(kind, name, { unit }, { ...options, triggers: options.restartOn ?? [] })
}

const kind: Kind<Wanted, Live> = {
  name: 'service',
  probe: (wanted) => ({
    script: sh`systemctl show --property=UnitFileState,ActiveState,NeedDaemonReload -- ${wanted.map((w) => w.unit)}`,
    parse({ stdout, code }) {
      const blocks = stdout.trim().split('\n\n')
      if (code !== 0 || blocks.length !== wanted.length)
        throw new Error(`systemctl show answered for ${blocks.length} of ${wanted.length} units`)
      return blocks.map((block) => ({
        enabled: /^UnitFileState=(enabled|static|alias|generated|indirect)/m.test(block),
        active: /^ActiveState=(active|reloading)$/m.test(block),
        needsReload: /^NeedDaemonReload=yes$/m.test(block),
      }))
    },
  }),
  plan(_, live, { triggeredBy }) {
    const changes: Change[] = []
    if (!live.enabled) changes.push({ attribute: 'enabled', from: false, to: true })
    if (!live.active) changes.push({ attribute: 'running', from: false, to: true })
    else if (triggeredBy.length > 0 || live.needsReload)
      changes.push({
        attribute: 'restart',
        from: triggeredBy.join(', ') || 'its unit file changed',
        to: 'restarted',
      })
    return changes
  },
  apply: (planned) =>
    lines([
      sh`systemctl daemon-reload || exit 1`,
      ...planned.map(
        ({ desired: { unit } }) =>
          sh`systemctl -q enable -- ${unit} && systemctl restart -- ${unit} && sleep 0.2 && systemctl -q is-active -- ${unit} || { systemctl --no-pager status -- ${unit} >&2; journalctl --no-pager -n 15 -u ${unit} >&2; exit 1; }`,
      ),
    ]),
  risks: (_, changes) => (changes.some((c) => c.attribute === 'restart') ? ['restart'] : []),
}
