import type { Kind } from '../model/kind.ts'
import type { Member, QuorumWish } from '../model/quorum.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { lines, sh } from '../shell/sh.ts'

/**
 * This host's member of a quorum, as an observation: it changes nothing by itself. A resource that names it in
 * `interrupts` takes it down when it changes: the engine then does one host after the other, the leader last, and
 * refuses a run that would leave too few.
 */
export function quorum(
  name: string,
  wish: Omit<QuorumWish, 'backWithinSeconds'> & { readonly backWithinSeconds?: number },
  meta: Meta = {},
): Resource<QuorumWish, Member> {
  return resource(kind, name, { backWithinSeconds: 180, ...wish }, meta)
}

const kind: Kind<QuorumWish, Member> = {
  name: 'quorum',
  verifies: true,
  isQuorum: true,
  probe: (wished) => ({
    script: lines(
      wished.map(({ look }) => sh`said=$( (eval ${look}) 2>/dev/null); printf '%s\n' "\${said:-down}"`),
    ),
    parse: ({ stdout }) => wished.map((_, i) => memberOf(stdout.split('\n')[i] ?? '')),
  }),
  plan: () => [],
  // Asked by the engine after it took the member down: waits until it is back, or was taken out for good.
  apply: (planned) =>
    lines(
      planned.map(
        ({ desired: { look, backWithinSeconds } }) =>
          sh`end=$(($(date +%s) + ${backWithinSeconds})); until said=$( (eval ${look}) 2>/dev/null); case $said in alive* | absent) true ;; *) false ;; esac; do if [ "$(date +%s)" -ge "$end" ]; then printf 'still %s after %s s\n' "\${said:-silent}" ${backWithinSeconds} >&2; exit 1; fi; sleep 0.5; done`,
      ),
    ),
}

function memberOf(line: string): Member {
  const [state = '', rank = '', size = ''] = line.trim().split(/\s+/)
  return {
    state: state === 'alive' || state === 'absent' ? state : 'down',
    isLeader: rank === 'leader',
    size: Number(size) || 0,
  }
}
