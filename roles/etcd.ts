import { check, directory, file, role, swarmService, t, template } from 'provision'
import cluster from './cluster.ts'
import { imageSet, imageVars } from './sheets/images.ts'
import { tls } from './sheets/secrets.ts'
import { etcdService } from './sheets/services.ts'

const vars = t.Object({
  heartbeatMs: t.Integer({ default: 100, description: 'About the round trip between the hosts.' }),
  electionMs: t.Integer({ default: 1000, description: 'At least ten round trips, the same on all hosts.' }),
  quotaBytes: t.Integer({ default: 2147483648, description: 'Largest size of the database.' }),
})

const view = t.Object({
  ...vars.properties,
  name: t.String(),
  address: t.String(),
  members: t.String(),
  token: t.String(),
})

const configuration = template('etcd/etcd.yml.hbs', view)

/** etcd: what Patroni keeps its leader key in. One member a host, spoken to only with certificates. */
export default role({
  name: 'etcd',
  vars,
  shared: { cluster, images: imageVars },
  secrets: { tls },
  resources({ vars, shared, secrets, host, hosts }) {
    const config = file('/etc/provision/etcd/etcd.yml', {
      content: configuration({
        ...vars,
        name: host.name,
        address: host.address,
        members: hosts.map((h) => `${h.name}=https://${h.address}:2380`).join(','),
        token: shared.cluster.scope,
      }),
    })
    return [
      directory('/etc/provision/etcd'),
      directory('/var/lib/etcd', { owner: '2379', group: '2379', mode: '0700' }),
      config,
      swarmService(etcdService({ host, images: imageSet(shared.images), tls: secrets.tls }), {
        restartOn: [config],
        interrupts: ['etcd'],
      }),
      check(`etcd has ${hosts.length} healthy members`, healthy(hosts.map((h) => h.address)), {
        withinSeconds: 120,
      }),
    ]
  },
})

/** `/health` is a read through the leader: a member that answers it has a quorum. */
function healthy(addresses: readonly string[]): string {
  const urls = addresses.map((a) => `https://${a}:2379/health`).join(' ')
  return `n=$(curl -K /etc/provision/tls/curl.conf ${urls} | grep -o '"health":"true"' | wc -l); [ "$n" = ${addresses.length} ] || { echo "$n of ${addresses.length} members are healthy"; exit 1; }`
}
