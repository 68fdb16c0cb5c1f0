import { onlyImages, onlySecrets, role, secretName, t } from 'provision'
import cluster from './cluster.ts'
import { imageSet, imageVars, registry } from './sheets/images.ts'
import { identityFiles, passwordFiles, passwords, tls } from './sheets/secrets.ts'

/** What is left over when everything new has proved itself: secrets and images of before. */
export default role({
  name: 'tidy',
  vars: t.Object({}),
  shared: { cluster, images: imageVars },
  secrets: { ...passwords, tls },
  resources({ shared, secrets, host, hosts }) {
    const isFirst = hosts[0]?.name === host.name
    const own = identityFiles(host, secrets.tls).filter(({ secret }) => isFirst || secret !== 'tls-ca')
    const mine = [
      ...own.map(({ secret, value }) => [secret, secretName(secret, value)] as const),
      ...(isFirst
        ? Object.entries(passwordFiles(secrets)).map(
            ([name, value]) => [name, secretName(name, value)] as const,
          )
        : []),
    ]
    return [
      onlySecrets(host.name, { bases: mine.map(([base]) => base), keep: mine.map(([, name]) => name) }),
      onlyImages(
        registry,
        imageSet(shared.images).all.map(({ tag }) => tag),
      ),
    ]
  },
})
