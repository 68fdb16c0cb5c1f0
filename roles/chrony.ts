import { file, type Port, pkg, role, service, sharedVars, t, template } from 'provision'

/** What it listens on. */
export const ports: readonly Port[] = [
  { from: ['peers'], protocol: 'udp', ports: [123], reason: 'chrony peers' },
]

const vars = t.Object({
  servers: t.Array(t.String({ minLength: 1 }), {
    description: 'NTP servers of the site; three or more, odd.',
    default: [],
  }),
  makestep: t.Object(
    { threshold: t.Number(), limit: t.Integer() },
    {
      default: { threshold: 1, limit: 3 },
      description:
        'Step the clock when it is off by more than threshold seconds, in the first limit updates.',
    },
  ),
})

/** For roles that must know which servers are to be reached. */
export const chronyVars = sharedVars('chrony', vars)

const view = t.Object({
  ...vars.properties,
  peers: t.Array(t.String()),
  allow: t.Array(t.String()),
})

const configuration = template('chrony/chrony.conf.hbs', view)

/** Time: the site's servers, and the other hosts of the play as peers. */
export default role({
  name: 'chrony',
  vars,
  resources({ vars, host, hosts }) {
    const peers = hosts.filter((h) => h.name !== host.name).map((h) => h.address)
    const config = file('/etc/chrony/conf.d/provision.conf', {
      content: configuration({ ...vars, peers, allow: peers }),
    })
    return [pkg('chrony'), config, service('chrony', { restartOn: [config] })]
  },
})
