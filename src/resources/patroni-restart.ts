import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { patroniPage, patroniRequest } from '../patroni/api.ts'
import { lines, sh } from '../shell/sh.ts'

interface Wanted {
  readonly url: string
  readonly via: string
  /** The start of the server process that must not be the present one, as Patroni says it; undefined: whichever. */
  readonly startedAt: string | undefined
}

/** What a member says of itself; undefined where none answers. */
type Seen = { readonly reasons: string; readonly startedAt: string | undefined } | undefined

/**
 * PostgreSQL on this member runs with the parameters that it was given: Patroni restarts it when it says that it must,
 * when `restartOn` has changed such a parameter, or when it is still the server that was started at `startedAt`. It interrupts the quorum `postgres`.
 */
export function patroniRestart(
  options: Omit<Meta, 'triggers'> & {
    readonly url: string
    readonly via: string
    readonly restartOn?: readonly Resource[]
    readonly startedAt?: string | undefined
  },
): Resource<Wanted, Seen> {
  const { url, via, restartOn = [], startedAt, ...meta } = options
  return resource(
    kind,
    'pending',
    { url, via, startedAt },
    { interrupts: ['postgres'], ...meta, triggers: restartOn },
  )
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
          readonly postmaster_start_time?: string
          readonly pending_restart_reason?: Readonly<
            Record<string, { readonly old_value: string; readonly new_value: string }>
          >
        }
        const reasons = Object.entries(said.pending_restart_reason ?? {}).map(
          ([name, { old_value, new_value }]) => `${name} ${old_value} → ${new_value}`,
        )
        return {
          reasons: said.pending_restart ? reasons.join(', ') || 'pending' : '',
          startedAt: said.postmaster_start_time,
        }
      }),
  }),
  plan(wanted, seen, { triggeredBy }) {
    if (!seen) return []
    const why =
      seen.reasons || triggeredBy.join(', ') || (isOld(wanted, seen) ? `started ${seen.startedAt}` : '')
    return why === '' ? [] : [{ attribute: 'restart', from: why, to: 'done' }]
  },
  apply: (planned) =>
    lines(
      planned.map(({ desired, actual }) => {
        const { url, via } = desired
        const isForced = actual?.reasons === '' && isOld(desired, actual)
        const body = isForced ? '{}' : '{"restart_pending": true}'
        return lines([
          // A member notices a new configuration in its next round of at most loop_wait seconds.
          isForced
            ? sh`:`
            : sh`i=0; until [ $i = 24 ] || curl -K /etc/provision/tls/curl.conf ${`${url}/patroni`} | grep -q '"pending_restart": *true'; do sleep 0.5; i=$((i + 1)); done`,
          sh`a=$(${patroniRequest(via, 'POST', `${url}/restart`, body, 180)}); case $a in *200|*'conditions are not satisfied'*) ;; *) printf '%s\n' "$a" >&2; exit 1 ;; esac`,
        ])
      }),
    ),
  risks: () => ['restart'],
}

function isOld({ startedAt }: Wanted, seen: Seen): boolean {
  return startedAt !== undefined && seen?.startedAt === startedAt
}
