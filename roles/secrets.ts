import { directory, file, role, swarmSecret, t } from 'provision'
import cluster from './cluster.ts'
import { backupVars } from './sheets/backup.ts'
import { clusterSecrets, identityFiles, listOf, swarmSecrets } from './sheets/secrets.ts'

const folder = '/etc/provision/tls'

/**
 * Keys, certificates and passwords where they are needed: as secrets of the swarm for the containers, and as files
 * that only root may read for this host's own checks, and for its break-glass script when there is no swarm.
 */
export default role({
  name: 'secrets',
  vars: t.Object({}),
  shared: { cluster, backup: backupVars },
  secrets: clusterSecrets,
  resources({ secrets, host, hosts }) {
    return [
      directory('/etc/provision'),
      directory(folder, { mode: '0700' }),
      directory('/etc/provision/secrets', { mode: '0700' }),
      identityFiles(host, secrets.tls).map(({ file: name, value }) =>
        file(`${folder}/${name}`, { content: value, mode: '0400' }),
      ),
      listOf(secrets).map((value) =>
        file(`/etc/provision/secrets/${value.name}`, { content: value, mode: '0400' }),
      ),
      file(`${folder}/curl.conf`, { content: curlrc, mode: '0400' }),
      swarmSecrets(host, hosts, secrets).map(({ secret, value }) => swarmSecret(secret, value)),
    ]
  },
})

const curlrc = `# Written by provision (role secrets).
silent
noproxy = "*"
max-time = 5
cacert = "${folder}/ca.crt"
cert = "${folder}/host.crt"
key = "${folder}/host.key"
`
