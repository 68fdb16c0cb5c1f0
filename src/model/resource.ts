import { InputError, userPlace, usersFrame } from '../errors.ts'
import { Secret } from '../secret/secret.ts'
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

/**
 * Makes a resource. Used by the constructors of kinds (`file`, `service`, …), not by roles. Throws InputError, with the line that
 * wrote it, for what could never reach a host: NUL bytes, and a Secret where the kind takes none.
 */
export function resource<Desired, Actual>(
  kind: Kind<Desired, Actual>,
  name: string,
  desired: Desired,
  meta: Meta = {},
): Resource<Desired, Actual> {
  const site: { stack?: string } = {}
  Error.captureStackTrace(site, resource)
  mustReach(kind, name, desired, site)
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
  const place = usersFrame(r.site.stack)
  return place && `${place.file.replace(`${root}/`, '')}:${place.line}`
}

function mustReach(
  kind: Pick<Kind<never, never>, 'name' | 'secrets'>,
  name: string,
  desired: unknown,
  site: { readonly stack?: string },
): void {
  const refuse = (what: string, next: string) =>
    new InputError({
      where: userPlace(site.stack ?? ''),
      what: `${kind.name}[${typeof name === 'string' ? name.replaceAll('\0', '␀') : '…'}]: ${what}`,
      next,
    })
  const look = (value: unknown, path: readonly string[]): void => {
    const called = path.join('.') || 'its name'
    if (value instanceof Secret) {
      const { secrets = [] } = kind
      if (!secrets.includes(path[0] ?? ''))
        throw refuse(
          `${called} cannot be a secret`,
          secrets.length > 0
            ? `what may be one in a ${kind.name}: ${secrets.join(', ')}`
            : `a ${kind.name} shows all that it is told; a kind of your own says which parts it hides: secrets: ['${path[0]}']`,
        )
      look(value.reveal(), path)
    } else if (typeof value === 'string') {
      if (value.includes('\0'))
        throw refuse(
          `${called} holds a NUL byte, and cannot be sent to a host`,
          'there is no way yet to write what is no text; send it as base64 and decode it there: command(…, { run: … base64 -d … })',
        )
    } else if (Array.isArray(value)) for (const [i, item] of value.entries()) look(item, [...path, String(i)])
    else if (value instanceof Map || value instanceof Set) look([...value], path)
    else if (isPlain(value)) for (const [key, inner] of Object.entries(value)) look(inner, [...path, key])
  }
  look(name, [])
  look(desired, [])
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
