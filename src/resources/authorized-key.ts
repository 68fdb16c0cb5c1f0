import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { lines, sh } from '../shell/sh.ts'

interface Wanted {
  readonly user: string
  readonly key: string
  readonly absent: boolean
}

/** A public key that may log in as a user. Other keys of the user are left alone. */
export function authorizedKey(
  user: string,
  key: string,
  options: Meta & { readonly ensure?: 'present' | 'absent' } = {},
): Resource<Wanted, boolean> {
  const [type = '', blob = ''] = key.trim().split(/\s+/)
  const name = `${user} ${type} ${blob.slice(-16)}`
  return resource(kind, name, { user, key: key.trim(), absent: options.ensure === 'absent' }, options)
}

const kind: Kind<Wanted, boolean> = {
  name: 'authorized_key',
  probe(wanted) {
    const users = [...new Set(wanted.map((w) => w.user))]
    return {
      script: sh`for u in ${users}; do h=$(getent passwd "$u" | cut -d: -f6); echo "-- $u"; if [ -n "$h" ] && [ -f "$h/.ssh/authorized_keys" ]; then cat "$h/.ssh/authorized_keys"; fi; done`,
      parse({ stdout }) {
        const parts = stdout.split(/^-- /m).slice(1)
        const keys = new Map(parts.map((part) => [part.slice(0, part.indexOf('\n')), part]))
        return wanted.map(({ user, key }) => keys.get(user)?.includes(blobOf(key)) === true)
      },
    }
  },
  plan({ absent }, found) {
    if (found !== absent) return []
    return [{ attribute: 'key', from: absent ? 'present' : 'absent', to: absent ? 'absent' : 'present' }]
  },
  apply: (planned) =>
    lines([
      sh`set -e; umask 077`,
      ...planned.map(({ desired: { user, key, absent } }) => {
        const change = absent ? sh`grep -vF -- ${blobOf(key)} "$f"` : sh`{ cat "$f"; printf '%s\n' ${key}; }`
        return sh`h=$(getent passwd ${user} | cut -d: -f6); g=$(id -gn -- ${user}); f=$h/.ssh/authorized_keys
mkdir -p "$h/.ssh"; touch "$f"; ${change} > "$f.provision" || [ $? = 1 ]
chown ${user}:"$g" "$h/.ssh" "$f.provision"; chmod 600 "$f.provision"; mv -f "$f.provision" "$f"`
      }),
    ]),
}

/** The key itself: options before it and the comment behind it may differ. */
function blobOf(key: string): string {
  return /AAAA[A-Za-z0-9+/]+=*/.exec(key)?.[0] ?? key
}
