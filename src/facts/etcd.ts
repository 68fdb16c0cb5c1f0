import type { Fact } from '../model/probe.ts'
import { sh } from '../shell/sh.ts'

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
