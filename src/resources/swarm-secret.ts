import { enginePost } from '../docker/api.ts'
import { enginePage, secretNames } from '../docker/pages.ts'
import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { keyed } from '../secret/digest.ts'
import { revealed, Secret } from '../secret/secret.ts'
import { lines, raw, sh } from '../shell/sh.ts'

interface Wanted {
  readonly name: string
  readonly value: Secret
}

/**
 * A secret of the swarm cannot be changed, so its name carries what it holds: `pg-superuser_3fa1c2d4e5f6`. Everybody on the
 * hosts can read the name, so the digest in it is keyed; whoever opens the inventory's secrets has the key.
 */
export function secretName(name: string, value: Secret | string): string {
  return `${name}_${keyed(revealed(value)).slice(0, 12)}`
}

/** A Docker secret of the swarm, under `secretName(name, value)`. It goes over standard input, never an argv. */
export function swarmSecret(
  name: string,
  value: Secret | string,
  meta: Meta = {},
): Resource<Wanted, boolean> {
  const secret = value instanceof Secret ? value : new Secret(name, value)
  const full = secretName(name, value)
  return resource(kind, full, { name: full, value: secret }, meta)
}

const kind: Kind<Wanted, boolean> = {
  name: 'swarm-secret',
  secrets: ['value'],
  probe: (wanted) => ({
    script: sh`:`,
    gets: [enginePage('/secrets')],
    parse(_, [secrets]) {
      const names = new Set(secretNames(secrets))
      return wanted.map(({ name }) => names.has(name))
    },
  }),
  plan: (_, isThere) => (isThere ? [] : [{ attribute: 'secret', from: 'absent', to: 'present' }]),
  apply: (planned) =>
    lines([
      sh`set -e`,
      ...planned.map(({ desired: { name, value } }) => {
        const data = new Secret(value.name, Buffer.from(value.reveal()).toString('base64'))
        const body = sh`printf '{"Name":"%s","Data":"%s"}' ${name} ${data}`
        return sh`${enginePost(raw('/secrets/create'), body)} >/dev/null`
      }),
    ]),
}
