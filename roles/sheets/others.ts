import { type Host, precondition, sh } from 'provision'
import { etcdLook, postgresLook, swarmLook } from './looks.ts'

/** While one is missing, all others must be there: with one more gone nothing would be left that may decide. */
export function othersAlive(host: Host, hasVote: boolean) {
  return [
    hasVote && alive('etcd', etcdLook, host),
    alive('swarm', swarmLook, host),
    alive('postgres', postgresLook(host), host),
  ]
}

/** This host's member of something is alive, or the run is refused. */
export function alive(
  name: string,
  look: string,
  { name: host }: Host,
  next = 'provision status says what is wrong; bring it back first, one after the other',
) {
  return precondition(`${name} on ${host}`, {
    needs: `the member of ${name} on ${host} is alive`,
    measure: aliveBy(look),
    next,
  })
}

/**
 * Succeeds where a look at this host's member says that it is alive, and prints what it says. Asked for some seconds: the
 * word of the primary that commits wait for a standby is up to loop_wait late.
 */
export function aliveBy(look: string) {
  return sh`end=$(($(date +%s) + 10)); until said=$(eval ${look}); case $said in alive*) ;; *) [ "$(date +%s)" -ge "$end" ] ;; esac; do sleep 1; done; printf '%s\n' "$said"; case $said in alive*) ;; *) exit 1 ;; esac`
}
