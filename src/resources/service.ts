import type { Change, Kind, Planned } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { lines, type Script, sh } from '../shell/sh.ts'

interface Wanted {
  readonly unit: string
  readonly enabled: boolean
  readonly running: boolean
  readonly act: 'restart' | 'reload'
}

interface Live {
  readonly enabled: boolean
  readonly active: boolean
  readonly needsReload: boolean
}

export type ServiceOptions = Omit<Meta, 'triggers'> & {
  /** Its change restarts the service, even if the run that made the change died before the restart. */
  readonly restartOn?: readonly Resource[]
  /** Starts at boot (default true). */
  readonly enabled?: boolean
  readonly running?: boolean
  /** For services that read their configuration again without a stop. */
  readonly reload?: boolean
}

/** A unit of systemd: enabled, running, restarted on evidence only. A unit that is not there counts as stopped. */
export function service(name: string, options: ServiceOptions = {}): Resource<Wanted, Live> {
  const { restartOn = [], enabled = true, running = true, reload = false } = options
  const unit = /\.(service|socket|timer|mount|path|target|swap)$/.test(name) ? name : `${name}.service`
  const act = reload ? ('reload' as const) : ('restart' as const)
  return resource(kind, name, { unit, enabled, running, act }, { ...options, triggers: restartOn })
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
        active: /^ActiveState=(active|reloading|activating)$/m.test(block),
        needsReload: /^NeedDaemonReload=yes$/m.test(block),
      }))
    },
  }),
  plan(wanted, live, { triggeredBy }) {
    const changes: Change[] = []
    if (live.enabled !== wanted.enabled)
      changes.push({ attribute: 'enabled', from: live.enabled, to: wanted.enabled })
    if (live.active !== wanted.running)
      changes.push({ attribute: 'running', from: live.active, to: wanted.running })
    else if (live.active && (triggeredBy.length > 0 || live.needsReload))
      changes.push({
        attribute: wanted.act,
        from: triggeredBy.join(', ') || 'its unit file changed',
        to: 'done',
      })
    return changes
  },
  apply: (planned) => lines([sh`systemctl daemon-reload || exit 1`, ...planned.map(step)]),
  risks: (_, changes) =>
    changes.some((c) => c.attribute === 'restart' || (c.attribute === 'running' && c.to === false))
      ? ['restart']
      : [],
}

function step({ desired: { unit, act }, changes }: Planned<Wanted, Live>): Script {
  const to = (attribute: string) => changes.find((c) => c.attribute === attribute)?.to
  const words: Script[] = []
  // A masked unit cannot be started; that somebody masked it is drift like any other.
  if (to('enabled') === true) words.push(sh`systemctl -q unmask -- ${unit} && systemctl -q enable -- ${unit}`)
  if (to('enabled') === false) words.push(sh`systemctl -q disable -- ${unit}`)
  if (to('running') === true) words.push(sh`${afresh(unit)}; systemctl start -- ${unit} && ${stays(unit)}`)
  if (to('running') === false) words.push(sh`systemctl stop -- ${unit}`)
  if (to(act) !== undefined)
    words.push(
      act === 'reload'
        ? sh`systemctl reload-or-restart -- ${unit}`
        : sh`${afresh(unit)}; systemctl restart -- ${unit} && ${stays(unit)}`,
    )
  const all = words.reduce((before, word) => sh`${before} && ${word}`, sh`:`)
  return sh`{ ${all}; } || { systemctl --no-pager --lines=0 status -- ${unit}; journalctl --no-pager --lines=15 --unit ${unit}; exit 1; } >&2`
}

/** Our own start is not one of those that systemd counts against a unit (StartLimitBurst; Docker's is 3 a minute). */
function afresh(unit: string): Script {
  return sh`systemctl reset-failed -- ${unit} 2>/dev/null`
}

/** `systemctl start` of a simple service succeeds at once; half a second shows one that falls over its configuration. */
function stays(unit: string): Script {
  return sh`sleep 0.5 && { systemctl -q is-active -- ${unit} || [ "$(systemctl show -P Type -- ${unit})" = oneshot ]; }`
}
