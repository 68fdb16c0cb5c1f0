import { privateKey } from '../../src/lab/image.ts'
import { knownHosts } from '../../src/lab/lab.ts'
import type { LabHost } from '../../src/lab/settings.ts'
import type { Host } from '../../src/model/host.ts'

/** A host of the lab as the inventory would give it. */
export function connection(host: LabHost, more: Partial<Host['connection']> = {}): Host {
  return {
    name: host.name,
    address: host.address,
    groups: [],
    vars: {},
    connection: {
      transport: 'ssh',
      user: 'root',
      key: privateKey,
      become: false,
      hostKeys: [],
      knownHosts,
      connectTimeoutSeconds: 10,
      socket: host.socket,
      ...more,
    },
  }
}
