import type { Fact } from '../model/probe.ts'
import { type Script, sh } from '../shell/sh.ts'

/** What a host keeps of etcd. */
export interface EtcdSeat {
  /** It was a member once, or is one: its log and its vote are there. */
  readonly hasData: boolean
  /**
   * The lines of its configuration that say whom it was made with (`initial-cluster…`). etcd reads them only while it has
   * no data, so they stay as they were: members that came and went since are in its data.
   */
  readonly bootstrap: string | undefined
}

export const etcdSeat: Fact<EtcdSeat> = {
  name: 'etcd-seat',
  probe: {
    script: sh`if [ -d /var/lib/etcd/member ]; then echo data; else echo none; fi; sed -n '/^initial-cluster/p' /etc/provision/etcd/etcd.yml 2>/dev/null; :`,
    parse({ stdout }) {
      const [data, ...lines] = stdout.trim().split('\n')
      return { hasData: data === 'data', bootstrap: lines.length > 0 ? lines.join('\n') : undefined }
    },
  },
}

/** Prints which data of etcd it is: another number when it was taken away and founded anew. */
export const etcdMadeScript: Script = sh`stat -c %i /var/lib/etcd/member 2>/dev/null`

/** Which data of etcd the host has; empty where it has none. */
export const etcdMade: Fact<string> = {
  name: 'etcd-made',
  probe: { script: sh`${etcdMadeScript}; :`, parse: ({ stdout }) => stdout.trim() },
}

/** What this host's member of etcd knows of the database's cluster. */
export type EtcdMemory =
  /** It answers with a quorum, and has the cluster's keys. */
  | 'known'
  /** It answers with a quorum, and has never heard of the cluster. */
  | 'empty'
  /** It does not answer, or has no quorum. */
  | 'silent'

/**
 * Prints which it is, of the best of these addresses. The key is the one that Patroni writes before all others
 * (`initialize`), read through the leader: members that lost their data found an empty etcd by themselves, and are healthy.
 */
export function etcdMemoryAt(addresses: readonly string[]): Script {
  return sh`s=$(sed -n 's/^scope: //p' /etc/provision/postgres/patroni.yml 2>/dev/null); k=$(printf /service/%s/initialize "$s" | base64 -w0); m=silent; for via in ${addresses}; do if a=$(curl -fK /etc/provision/tls/curl.conf -d "{\"key\":\"$k\"}" "https://$via:2379/v3/kv/range" 2>/dev/null); then case $a in *'"count":'*) m=known; break ;; *) m=empty ;; esac; fi; done; echo "$m"`
}

export const etcdMemory: Fact<EtcdMemory> = {
  name: 'etcd-memory',
  probe: { script: etcdMemoryAt(['127.0.0.1']), parse: ({ stdout }) => stdout.trim() as EtcdMemory },
}
