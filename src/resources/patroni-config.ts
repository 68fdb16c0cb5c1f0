import type { Change, Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { patroniPage, patroniRequest } from '../patroni/api.ts'
import { lines, sh } from '../shell/sh.ts'

/** A tree of settings, as Patroni's `/config` gives it. */
export type Settings = { readonly [key: string]: string | number | boolean | Settings }

interface Wanted {
  /** `https://10.0.0.1:8008` */
  readonly url: string
  /** The service of the swarm whose container may change it. */
  readonly via: string
  readonly settings: Settings
  /** Parameters whose change needs a restart of PostgreSQL. */
  readonly restarts: readonly string[]
}

export type PatroniConfigOptions = Meta & Wanted

const parameters = 'postgresql.parameters.'

/**
 * Patroni's dynamic configuration, for the whole cluster. Every member may be asked, and the first to apply it does it
 * for all. Parameters of PostgreSQL that are not wished for are taken out; other settings are left alone.
 */
export function patroniConfig(options: PatroniConfigOptions): Resource<Wanted, Settings | undefined> {
  const { url, via, settings, restarts } = options
  return resource(kind, 'dynamic', { url, via, settings, restarts }, options)
}

const kind: Kind<Wanted, Settings | undefined> = {
  name: 'patroni-config',
  probe: (wanted) => ({
    script: sh`:`,
    gets: wanted.map(({ url }) => patroniPage(`${url}/config`)),
    parse: (_, pages) => wanted.map((_, i) => (pages[i] ? (JSON.parse(pages[i]) as Settings) : undefined)),
  }),
  plan({ settings }, found) {
    if (!found) return [{ attribute: 'configuration', from: 'absent', to: 'set' }]
    const wished = flat(settings)
    const actual = flat(found)
    const changes: Change[] = [...wished]
      .filter(([key, value]) => String(actual.get(key)) !== String(value))
      .map(([key, to]) => ({ attribute: key, from: actual.get(key) ?? 'absent', to }))
    for (const [key, from] of actual)
      if (key.startsWith(parameters) && !wished.has(key)) changes.push({ attribute: key, from, to: 'absent' })
    return changes
  },
  apply: (planned) =>
    lines(
      planned.map(({ desired: { url, via }, changes }) => {
        // Members may all be told at once: to set the same value twice is no harm, and 409 says that another was first.
        const patch = patroniRequest(via, 'PATCH', `${url}/config`, JSON.stringify(tree(changes)), 10)
        return sh`for i in 1 2 3 4 5 6; do a=$(${patch}); case $a in *409) sleep 0.$((i * 3)) ;; *) break ;; esac; done; case $a in *200) ;; *) printf '%s\n' "$a" >&2; exit 1 ;; esac`
      }),
    ),
  // Only a parameter that needs it makes a restart due; all others are taken over by a reload.
  triggers: (changes, { restarts }) =>
    changes.some(
      ({ attribute }) =>
        attribute.startsWith(parameters) && restarts.includes(attribute.slice(parameters.length)),
    ),
}

/** `postgresql.parameters.work_mem` → value. */
function flat(settings: Settings, path = ''): ReadonlyMap<string, string | number | boolean> {
  const rows = Object.entries(settings).flatMap(([key, value]): [string, string | number | boolean][] => {
    const name = path ? `${path}.${key}` : key
    return typeof value === 'object' && value !== null ? [...flat(value, name)] : [[name, value]]
  })
  return new Map(rows)
}

/** The changes as Patroni's PATCH wants them: nested, and null for what is to go. */
function tree(changes: readonly Change[]): object {
  const root: Record<string, unknown> = {}
  for (const { attribute, to } of changes) {
    const keys = attribute.startsWith(parameters)
      ? ['postgresql', 'parameters', attribute.slice(parameters.length)]
      : attribute.split('.')
    let node = root
    for (const key of keys.slice(0, -1)) {
      node[key] ??= {}
      node = node[key] as Record<string, unknown>
    }
    node[keys.at(-1) ?? ''] = to === 'absent' ? null : to
  }
  return root
}
