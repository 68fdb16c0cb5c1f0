import { onlyImages, onlySecrets, role, secretName, t } from 'provision'
import cluster from './cluster.ts'
import { backupVars } from './sheets/backup.ts'
import { imageFacts, imageSet, imageVars } from './sheets/images.ts'
import { monitoring } from './sheets/monitoring.ts'
import { clusterSecrets, swarmSecrets } from './sheets/secrets.ts'

/** What is left over when everything new has proved itself: secrets and images of before. */
export default role({
  name: 'tidy',
  vars: t.Object({}),
  facts: imageFacts,
  shared: { cluster, images: imageVars, backup: backupVars, monitoring },
  secrets: clusterSecrets,
  resources({ shared, secrets, host, hosts }) {
    const images = imageSet(shared.images, hosts, shared.monitoring.hosts.length > 0)
    const mine = swarmSecrets(host, hosts, secrets)
    return [
      onlySecrets(host.name, {
        bases: mine.map(({ secret }) => secret),
        keep: mine.map(({ secret, value }) => secretName(secret, value)),
      }),
      onlyImages(
        images.prefix,
        images.all.map(({ tag }) => tag),
      ),
    ]
  },
})
