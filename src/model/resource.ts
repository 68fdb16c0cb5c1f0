import type { Ask } from './ask.ts'
import type { Kind, Risk } from './kind.ts'

/** What every resource may carry beside its wish. */
export interface Meta {
  /** Resources whose change makes this one act too (a restart, a reload). */
  readonly triggers?: readonly Resource[]
  readonly tags?: readonly string[]
  /** Labels of risk beside those of the kind. */
  readonly risk?: readonly Risk[]
  /** Questions to other hosts, put when it is applied. */
  readonly asks?: readonly Ask<unknown>[]
  /** Names of quorums whose member on this host goes down while this is restarted or rebooted. */
  readonly interrupts?: readonly string[]
  /** The leader of what is interrupted must be first, and stays it: some sizes may only be lowered that way. */
  readonly leaderFirst?: boolean
}

/** A piece of one host's desired state. Plain data, but for `site`: where it was written. */
export interface Resource<Desired = unknown, Actual = unknown> {
  readonly kind: Kind<Desired, Actual>
  readonly name: string
  readonly desired: Desired
  readonly triggers: readonly Resource[]
  readonly tags: readonly string[]
  readonly risk: readonly Risk[]
  readonly asks: readonly Ask<unknown>[]
  readonly interrupts: readonly string[]
  readonly leaderFirst: boolean
  /** Holds the stack of the line that wrote it; formatted only when asked for. */
  readonly site: { readonly stack?: string }
}

/** What a role may return: nested lists and `condition && resource` just work. */
export type Resources = Resource | readonly Resources[] | false | undefined

/** Makes a resource. Used by the constructors of kinds (`file`, `service`, …), not by roles. */
export function resource<Desired, Actual>(
  kind: Kind<Desired, Actual>,
  name: string,
  desired: Desired,
  meta: Meta = {},
): Resource<Desired, Actual> {
  const site: { stack?: string } = {}
  Error.captureStackTrace(site, resource)
  return {
    kind,
    name,
    desired,
    triggers: meta.triggers ?? [],
    tags: meta.tags ?? [],
    risk: meta.risk ?? [],
    asks: meta.asks ?? [],
    interrupts: meta.interrupts ?? [],
    leaderFirst: meta.leaderFirst ?? false,
    site,
  }
}

/** `file[/etc/motd]`: unique on one host. */
export function idOf(r: Resource): string {
  return `${r.kind.name}[${r.name}]`
}

export function flatten(resources: Resources): readonly Resource[] {
  if (!resources) return []
  return Array.isArray(resources) ? resources.flatMap(flatten) : [resources as Resource]
}

/** `roles/chrony.ts:21`: the line of a role or playbook that wrote the resource, relative to `root`. */
export function whereOf(r: Resource, root: string): string | undefined {
  const frames = (r.site.stack ?? '').split('\n').slice(1)
  const own = /\/src\/(resources|model|template)\//
  for (const frame of frames) {
    const found = /(?:file:\/\/)?(\/[^()]+?):(\d+):\d+\)?$/.exec(frame)
    if (!found?.[1] || own.test(found[1])) continue
    return `${found[1].replace(`${root}/`, '')}:${found[2]}`
  }
  return undefined
}
