import { containerOf } from '../docker/api.ts'
import type { Get } from '../model/probe.ts'
import { type Script, sh } from '../shell/sh.ts'

/** The cluster as one of its members sees it, by the keys in etcd: as old as these may be. */
export interface PatroniCluster {
  readonly members: readonly {
    readonly name: string
    /** `leader`, `quorum_standby`, `sync_standby`, `replica`, `standby_leader`. */
    readonly role: string
    /** `running`, `streaming`, `stopped`, … */
    readonly state: string
    /** Bytes behind the leader; `unknown` where nobody can say. */
    readonly lag?: number | 'unknown'
    readonly tags?: { readonly nofailover?: boolean }
  }[]
  readonly pause?: boolean
  readonly scheduled_switchover?: { readonly at: string; readonly to?: string }
}

/** A page of Patroni's, for a probe to read: `https://10.0.0.1:8008/config`. */
export function patroniPage(url: string): Get {
  return { client: sh`curl -K /etc/provision/tls/curl.conf`, url }
}

/**
 * A request to Patroni that changes something: from inside its own container, where the certificate and the password
 * are that it was started with. `via` is the service, or the part that a break-glass script runs.
 */
export function patroniRequest(
  via: string,
  method: 'PATCH' | 'POST',
  url: string,
  body: string,
  seconds: number,
): Script {
  return sh`docker exec "$(${containerOf(via)} | grep . || docker ps -q --filter name=breakglass-postgres)" curl -K /run/provision/rest.conf --max-time ${seconds} -w '\n%{http_code}' -X ${method} -d ${body} ${url}`
}
