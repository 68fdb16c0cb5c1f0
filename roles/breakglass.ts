import { file, role, t } from 'provision'
import cluster from './cluster.ts'
import { backupVars } from './sheets/backup.ts'
import { breakGlass } from './sheets/break-glass.ts'
import { imageFacts, imageSet, imageVars } from './sheets/images.ts'
import { clusterSecrets } from './sheets/secrets.ts'
import { etcdService, haproxyService, pgbouncerService, postgresService } from './sheets/services.ts'
import { hasVote, votersOf } from './sheets/voters.ts'

/** /usr/local/sbin/provision-breakglass: this host's part of the stack without the swarm, for the worst day. */
export default role({
  name: 'breakglass',
  vars: t.Object({}),
  facts: imageFacts,
  shared: { cluster, images: imageVars, backup: backupVars },
  secrets: clusterSecrets,
  resources({ shared, secrets, host, hosts }) {
    const parts = { host, images: imageSet(shared.images, hosts), tls: secrets.tls }
    const votes = hasVote(host, votersOf(hosts, shared.cluster))
    const services = [
      ...(votes ? [etcdService(parts)] : []),
      postgresService(parts, secrets, shared.backup),
      pgbouncerService(parts, secrets.pooler),
      haproxyService(parts),
    ]
    return file('/usr/local/sbin/provision-breakglass', { content: breakGlass(services), mode: '0750' })
  },
})
