import { check, directory, file, type Port, role, sh, swarmService, t, template } from 'provision'
import cluster from './cluster.ts'
import { imageFacts, imageSet, imageVars } from './sheets/images.ts'
import { passwords, tls } from './sheets/secrets.ts'
import { pgbouncerService, reload } from './sheets/services.ts'

/** What it listens on. */
export const ports: readonly Port[] = [
  { from: ['peers'], protocol: 'tcp', ports: [6432], reason: 'HAProxy to PgBouncer' },
]

const vars = t.Object({
  mode: t.Union([t.Literal('transaction'), t.Literal('session')], { default: 'transaction' }),
  poolSize: t.Integer({
    default: 40,
    description: 'Connections to PostgreSQL for each pair of user and database.',
  }),
  maxClients: t.Integer({ default: 2000 }),
  preparedStatements: t.Integer({
    default: 200,
    description: "Kept for each connection, so that drivers' prepared statements work in transaction mode.",
  }),
})

const configuration = template(
  'proxy/pgbouncer.ini.hbs',
  t.Object({ ...vars.properties, address: t.String() }),
)

/** PgBouncer on every host, before its own PostgreSQL only. */
export default role({
  name: 'pgbouncer',
  vars,
  facts: imageFacts,
  shared: { cluster, images: imageVars },
  secrets: { ...passwords, tls },
  resources({ vars, shared, secrets, host, hosts }) {
    const service = `pgbouncer-${host.name}`
    const config = file('/etc/provision/proxy/pgbouncer.ini', {
      content: configuration({ ...vars, address: host.address }),
    })
    return [
      directory('/etc/provision/proxy'),
      config,
      reload('PgBouncer', service, config),
      swarmService(
        pgbouncerService({ host, images: imageSet(shared.images, hosts), tls: secrets.tls }, secrets.pooler),
        // Writes go through the pooler of the primary's host: there the primary hands over first.
        { interrupts: ['pooler', 'postgres'] },
      ),
      check('PgBouncer listens', sh`ss -Hltn 'sport = :6432' | grep -q .`.text),
    ]
  },
})
