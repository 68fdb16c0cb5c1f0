import { raw, type Script, sh } from '../shell/sh.ts'
import type { ReachCell } from './finding.ts'

export type Observed = NonNullable<ReachCell['observed']>

/** A connection to try. Without a port it is a ping. */
export interface Target {
  readonly address: string
  readonly port?: number
}

/** Tried at the same time from one host, each given up after two seconds (a lost SYN is sent again after one). */
export const atOnce = 48
export const giveUpSeconds = 2
/** At most this many from one host: five rounds of `atOnce`, ten seconds. */
export const mostTargets = 240

const one = `m=$(LC_ALL=C; export LC_ALL; case $1 in ping) timeout ${giveUpSeconds} ping -c 1 -W ${giveUpSeconds} -q "$0" ;; *) timeout ${giveUpSeconds} bash -c ": <>/dev/tcp/$0/$1" ;; esac 2>&1); c=$?
case $c.$m in 0.*) r=answered ;; 124.*) r=silent ;; *refused*) r=refused ;; *) r=silent ;; esac; printf '%s %s %s\\n' "$0" "$1" "$r"`

/** Opens real connections, says nothing over them, and closes them. Needs bash and timeout, which every Debian has. */
export function probeScript(targets: readonly Target[]): Script {
  const words = targets
    .slice(0, mostTargets)
    .flatMap(({ address, port }) => [address, String(port ?? 'ping')])
  return sh`printf '%s\n' ${words} | xargs -r -n 2 -P ${atOnce} sh -c ${one}; ${raw(':')}`
}

/** What each try met, by `keyOf`. */
export function parseProbe(text: string): ReadonlyMap<string, Observed> {
  return new Map(
    [...text.matchAll(/^(\S+) (\S+) (answered|refused|silent)$/gm)].map(([, address, port, met]) => [
      `${address} ${port}`,
      met as Observed,
    ]),
  )
}

export function keyOf({ address, port }: Target): string {
  return `${address} ${port ?? 'ping'}`
}
