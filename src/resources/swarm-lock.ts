import { engineGet, enginePost } from '../docker/api.ts'
import { enginePage, swarmInfo } from '../docker/pages.ts'
import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { lines, raw, sh } from '../shell/sh.ts'

/**
 * Does the swarm encrypt its managers' keys on disk, so that a daemon that was restarted waits for the unlock key? One
 * setting of the whole swarm; any manager takes it. Undefined is an Engine that does not answer as a manager.
 */
export function swarmAutolock(locked: boolean, meta: Meta = {}): Resource<boolean, boolean | undefined> {
  return resource(kind, 'autolock', locked, meta)
}

const kind: Kind<boolean, boolean | undefined> = {
  name: 'swarm-autolock',
  probe: (wanted) => ({
    script: sh`:`,
    gets: [enginePage('/info')],
    parse: (_, [info]) => wanted.map(() => swarmInfo(info).autolock),
  }),
  plan: (wanted, seen) =>
    wanted === (seen ?? false) ? [] : [{ attribute: 'autolock', from: seen ?? 'no swarm', to: wanted }],
  apply: (planned) =>
    lines(
      planned.map(({ desired }) =>
        lines([
          sh`set -e; now=$(${engineGet('/swarm')})`,
          enginePost(
            raw('"/swarm/update?version=$(printf %s "$now" | jq .Version.Index)"'),
            sh`printf %s "$now" | jq -c ${`.Spec | .EncryptionConfig.AutoLockManagers = ${desired}`}`,
          ),
        ]),
      ),
    ),
}
