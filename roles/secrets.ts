import { directory, file, role, swarmSecret, t } from 'provision'
import cluster from './cluster.ts'
import { identityFiles, passwordFiles, passwords, tls } from './sheets/secrets.ts'

const folder = '/etc/provision/tls'

/**
 * Keys, certificates and passwords where they are needed: as secrets of the swarm for the containers, and as files
 * that only root may read for this host's own checks, and for its break-glass script when there is no swarm.
 */
export default role({
  name: 'secrets',
  vars: t.Object({}),
  shared: { cluster },
  secrets: { ...passwords, tls },
  resources({ secrets, host, hosts }) {
    const isFirst = hosts[0]?.name === host.name
    return [
      directory('/etc/provision'),
      directory(folder, { mode: '0700' }),
      directory('/etc/provision/secrets', { mode: '0700' }),
      identityFiles(host, secrets.tls).map(({ file: name, value }) =>
        file(`${folder}/${name}`, { content: value, mode: '0400' }),
      ),
      Object.entries(passwordFiles(secrets)).map(([name, value]) =>
        file(`/etc/provision/secrets/${name}`, { content: value, mode: '0400' }),
      ),
      file(`${folder}/curl.conf`, { content: curlrc, mode: '0400' }),
      identityFiles(host, secrets.tls)
        .filter(({ secret }) => isFirst || secret !== 'tls-ca')
        .map(({ secret, value }) => swarmSecret(secret, value)),
      isFirst && Object.entries(passwordFiles(secrets)).map(([name, value]) => swarmSecret(name, value)),
    ]
  },
})

const curlrc = `# Written by provision (role secrets).
silent
max-time = 5
cacert = "${folder}/ca.crt"
cert = "${folder}/host.crt"
key = "${folder}/host.key"
`
