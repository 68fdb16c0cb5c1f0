import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { patroniPage, patroniRequest } from '../patroni/api.ts'
import { lines, sh } from '../shell/sh.ts'

interface Wanted {
  readonly url: string
  readonly via: string
  readonly paused: boolean
}

/** Does Patroni keep its hands off: no failover, no restart of what somebody stops? One setting of the whole cluster. */
export function patroniPause(
  paused: boolean,
  options: { readonly url: string; readonly via: string } & Meta,
): Resource<Wanted, boolean | undefined> {
  const { url, via, ...meta } = options
  return resource(kind, 'pause', { url, via, paused }, meta)
}

const kind: Kind<Wanted, boolean | undefined> = {
  name: 'patroni-pause',
  probe: (wanted) => ({
    script: sh`:`,
    gets: wanted.map(({ url }) => patroniPage(`${url}/config`)),
    parse: (_, pages) =>
      wanted.map((_, i) => {
        const config = JSON.parse(pages[i] ?? 'null') as { readonly pause?: boolean } | null
        return config ? config.pause === true : undefined
      }),
  }),
  plan: ({ paused }, seen) =>
    seen === paused ? [] : [{ attribute: 'pause', from: seen ?? 'no answer', to: paused }],
  apply: (planned) =>
    lines(
      planned.map(({ desired: { url, via, paused } }) => {
        const body = JSON.stringify({ pause: paused ? true : null })
        return sh`a=$(${patroniRequest(via, 'PATCH', `${url}/config`, body, 10)}); case $a in *200) ;; *) printf '%s\n' "$a" >&2; exit 1 ;; esac`
      }),
    ),
}
