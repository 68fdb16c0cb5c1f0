import {
  directory,
  dockerDropIn,
  type Flow,
  file,
  firewall,
  hostScript,
  hostUnit,
  InputError,
  login,
  network,
  pkg,
  role,
  scriptPath,
  service,
  t,
} from 'provision'
import { portMatrix } from './sheets/ports.ts'

const flow = t.Object({
  from: t.Array(t.String(), {
    minItems: 1,
    description: 'Networks, addresses, hosts or groups of the inventory, or any.',
  }),
  protocol: t.Union([t.Literal('tcp'), t.Literal('udp'), t.Literal('vrrp'), t.Literal('ping')], {
    default: 'tcp',
  }),
  ports: t.Array(
    t.Union([t.Integer({ minimum: 1, maximum: 65535 }), t.String({ pattern: '^[0-9]+:[0-9]+$' })]),
    { default: [] },
  ),
  reason: t.String({ minLength: 1 }),
})

const vars = t.Object({
  admin: t.Array(t.String(), {
    minItems: 1,
    description: 'Who may log in by SSH: networks, addresses, hosts or groups.',
  }),
  clients: t.Array(t.String(), { default: [], description: 'Who may use the databases, by the VIP.' }),
  monitoring: t.Array(t.String(), { default: [], description: 'Who may read metrics.' }),
  sshPort: t.Integer({ default: 22 }),
  allow: t.Array(flow, { default: [], description: 'What else may come in, and why.' }),
  published: t.Array(flow, { default: [], description: 'Who may reach ports that containers publish.' }),
  rollbackSeconds: t.Integer({
    default: 60,
    minimum: 15,
    description: 'Time for the new connection that confirms the rules.',
  }),
})

/** The packet filter of the host: v4 and v6 from one matrix, beside Docker's rules, never locking us out. */
export default role({
  name: 'firewall',
  vars,
  facts: { login, network },
  resources({ vars, facts, hosts }) {
    const all = hosts.map((h) => h.name)
    const resolve = (names: readonly string[]) =>
      names.flatMap((name) => {
        const members = hosts.filter((h) => h.name === name || h.groups.includes(name) || name === 'all')
        return members.length > 0 ? members.flatMap((h) => h.facts.network.map((a) => a.address)) : [name]
      })
    const groups = { peers: all, admin: vars.admin, clients: vars.clients, monitoring: vars.monitoring }
    const flows: readonly Flow[] = [
      { from: resolve(vars.admin), protocol: 'tcp', ports: [vars.sshPort], reason: 'ssh from admin' },
      ...portMatrix.flatMap(({ from, ...flow }) => {
        const sources = resolve(from.flatMap((name) => groups[name]))
        return sources.length > 0 ? [{ ...flow, from: sources }] : []
      }),
      ...vars.allow.map((f) => ({ ...f, from: resolve(f.from) })),
    ]
    for (const f of [...flows, ...vars.published])
      if ((f.protocol === 'tcp' || f.protocol === 'udp') && !f.ports?.length)
        throw new InputError({ what: `firewall: "${f.reason}" is ${f.protocol} and names no ports` })
    const script = file(scriptPath, { content: hostScript, mode: '0755' })
    const unit = file('/etc/systemd/system/provision-firewall.service', { content: hostUnit })
    return [
      pkg('iptables'),
      script,
      firewall({
        policy: {
          flows,
          published: vars.published.map((f) => ({ ...f, from: resolve(f.from) })),
          external: [...new Set(facts.network.map((a) => a.interface))],
        },
        keep: facts.login && { from: facts.login.from, port: facts.login.port },
        rollbackSeconds: vars.rollbackSeconds,
      }),
      unit,
      service('provision-firewall'),
      directory('/etc/systemd/system/docker.service.d'),
      file('/etc/systemd/system/docker.service.d/provision-firewall.conf', { content: dockerDropIn }),
    ]
  },
})
