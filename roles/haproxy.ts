import { check, command, containerOf, file, type Port, role, sh, swarmService, t, template } from 'provision'
import cluster from './cluster.ts'
import { imageFacts, imageSet, imageVars } from './sheets/images.ts'
import { tls } from './sheets/secrets.ts'
import { haproxyService } from './sheets/services.ts'

/** What it listens on, beside the ports of PostgreSQL. */
export const ports: readonly Port[] = [
  {
    from: ['admin', 'peers', 'monitoring'],
    protocol: 'tcp',
    ports: [8404],
    reason: 'statistics of HAProxy, for who has a certificate',
  },
]

const vars = t.Object({
  maxConnections: t.Integer({ default: 4000 }),
  replicaLag: t.String({
    default: '16MB',
    description: 'A standby that is further behind gets no reads.',
  }),
})

const configuration = template(
  'proxy/haproxy.cfg.hbs',
  t.Object({
    ...vars.properties,
    vip: t.String(),
    address: t.String(),
    members: t.Array(t.Object({ name: t.String(), address: t.String() })),
  }),
)

/** HAProxy on every host, on the address that only one of them has: 5432 to the primary, 5433 to the standbys. */
export default role({
  name: 'haproxy',
  vars,
  facts: imageFacts,
  shared: { cluster, images: imageVars },
  secrets: { tls },
  resources({ vars, shared, secrets, host, hosts }) {
    const service = `haproxy-${host.name}`
    const config = file('/etc/provision/proxy/haproxy.cfg', {
      content: configuration({
        ...vars,
        vip: shared.cluster.vip,
        address: host.address,
        members: hosts.map(({ name, address }) => ({ name, address })),
      }),
    })
    return [
      config,
      // Tried first, then taken over without a connection being lost. Before the service: a new one has read it already. An old one
      // without a certificate is about to be replaced.
      command('reload HAProxy', {
        run: sh`id=$(${containerOf(service)}); [ -z "$id" ] || ! docker exec "$id" test -e /run/provision/host.pem || { docker exec "$id" haproxy -c -q -f /etc/provision/proxy/haproxy.cfg && docker kill -s HUP "$id" >/dev/null; }`
          .text,
        on: [config],
      }),
      swarmService(haproxyService({ host, images: imageSet(shared.images, hosts), tls: secrets.tls }), {
        interrupts: ['proxy'],
      }),
      check(
        'HAProxy sees one primary',
        sh`n=$(curl -s --noproxy '*' --max-time 5 'http://127.0.0.1:8404/;csv' | awk -F, '$1 == "rw" && $2 != "BACKEND" && $2 != "FRONTEND" && $18 ~ /^UP/' | wc -l); [ "$n" = 1 ] || { echo "$n servers are up for writes"; exit 1; }`
          .text,
        { withinSeconds: 60 },
      ),
    ]
  },
})
