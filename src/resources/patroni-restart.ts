import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { patroniPage, patroniRequest } from '../patroni/api.ts'
import { lines, sh } from '../shell/sh.ts'

interface Wanted {
  readonly url: string
  readonly via: string
}

/** What a member says of itself; undefined where none answers. */
type Seen = { readonly reasons: string } | undefined

/**
 * PostgreSQL on this member runs with the parameters that it was given: Patroni restarts it when it says that it must,
 * or when `restartOn` has changed such a parameter. It interrupts the quorum `postgres`.
 */
export function patroniRestart(
  options: Omit<Meta, 'triggers'> & {
    readonly url: string
    readonly via: string
    readonly restartOn: readonly Resource[]
  },
): Resource<Wanted, Seen> {
  const { url, via, restartOn, ...meta } = options
  return resource(kind, 'pending', { url, via }, { interrupts: ['postgres'], ...meta, triggers: restartOn })
}

const kind: Kind<Wanted, Seen> = {
  name: 'patroni-restart',
  timeoutSeconds: 200,
  probe: (wanted) => ({
    script: sh`:`,
    gets: wanted.map(({ url }) => patroniPage(`${url}/patroni`)),
    parse: (_, pages) =>
      wanted.map((_, i) => {
        if (!pages[i]) return undefined
        const said = JSON.parse(pages[i]) as {
          readonly pending_restart?: boolean
          readonly pending_restart_reason?: Readonly<
            Record<string, { readonly old_value: string; readonly new_value: string }>
          >
        }
        const reasons = Object.entries(said.pending_restart_reason ?? {}).map(
          ([name, { old_value, new_value }]) => `${name} ${old_value} → ${new_value}`,
        )
        return { reasons: said.pending_restart ? reasons.join(', ') || 'pending' : '' }
      }),
  }),
  plan(_, seen, { triggeredBy }) {
    if (!seen || (seen.reasons === '' && triggeredBy.length === 0)) return []
    return [{ attribute: 'restart', from: seen.reasons || triggeredBy.join(', '), to: 'done' }]
  },
  apply: (planned) =>
    lines(
      planned.map(({ desired: { url, via } }) =>
        lines([
          // A member notices a new configuration in its next round of at most loop_wait seconds.
          sh`i=0; until [ $i = 24 ] || curl -K /etc/provision/tls/curl.conf ${`${url}/patroni`} | grep -q '"pending_restart": *true'; do sleep 0.5; i=$((i + 1)); done`,
          sh`a=$(${patroniRequest(via, 'POST', `${url}/restart`, '{"restart_pending": true}', 180)}); case $a in *200|*'conditions are not satisfied'*) ;; *) printf '%s\n' "$a" >&2; exit 1 ;; esac`,
        ]),
      ),
    ),
  risks: () => ['restart'],
}
