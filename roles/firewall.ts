import { isIP } from 'node:net'
import {
  type Address,
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
  sharedVars,
  t,
} from 'provision'
import { portMatrix } from './sheets/ports.ts'

const line = t.Object({
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
  reason: t.String({ minLength: 1, maxLength: 120 }),
  owner: t.String({ minLength: 1, maxLength: 60, description: 'Whom to ask about it.' }),
  until: t.Optional(
    t.String({
      pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$',
      description: 'Its last day (UTC). After it the line is rendered no more, and the audit says so.',
    }),
  ),
})

type Line = Flow & { readonly owner: string }

const vars = t.Object({
  admin: t.Array(t.String(), {
    minItems: 1,
    description: 'Who may log in by SSH: networks, addresses, hosts or groups.',
  }),
  clients: t.Array(t.String(), { default: [], description: 'Who may use the databases, by the VIP.' }),
  monitoring: t.Array(t.String(), { default: [], description: 'Who may read metrics.' }),
  sshPort: t.Integer({ default: 22 }),
  sshLimit: t.Optional(
    t.Object(
      { perMinute: t.Integer({ minimum: 1 }), burst: t.Integer({ minimum: 1, default: 60 }) },
      { description: 'New SSH connections that one address may open. A run opens one or two a host.' },
    ),
  ),
  allow: t.Array(line, { default: [], description: 'What else may come in, and why.' }),
  deny: t.Array(line, { default: [], description: 'What may not come in although a line lets it, and why.' }),
  published: t.Array(line, { default: [], description: 'Who may reach ports that containers publish.' }),
  rollbackSeconds: t.Integer({
    default: 60,
    minimum: 15,
    description: 'Time for the new connection that confirms the rules.',
  }),
})

/** For roles that must know who is to be reached, where anybody is named. */
export const firewallVars = sharedVars(
  'firewall',
  t.Object({ ...vars.properties, admin: t.Array(t.String(), { default: [] }) }),
)

/** A server answers from an address of its own to what was asked of a group, so it is no answer to conntrack (RFC 8415, 7.2). */
const dhcpV6: Flow = {
  from: ['fe80::/10'],
  protocol: 'udp',
  ports: [546],
  reason: 'answers of DHCPv6 servers',
  by: 'firewall',
}

/** The packet filter of the host: v4 and v6 from one matrix, beside Docker's rules, never locking us out. */
export default role({
  name: 'firewall',
  vars,
  facts: { login, network },
  resources({ vars, facts, hosts }) {
    const resolve = (names: readonly string[]) =>
      names.flatMap((name) => {
        const members = hosts.filter((h) => h.name === name || h.groups.includes(name) || name === 'all')
        return members.length > 0 ? members.flatMap((h) => addressesOf(h.address, h.facts.network)) : [name]
      })
    const sources = {
      peers: hosts.flatMap((h) => peerAddressesOf(h.address, h.facts.network)),
      admin: resolve(vars.admin),
      clients: resolve(vars.clients),
      monitoring: resolve(vars.monitoring),
    }
    const declared: readonly Flow[] = [
      {
        from: sources.admin,
        protocol: 'tcp',
        ports: [vars.sshPort],
        reason: 'ssh from admin',
        by: 'firewall',
        groups: ['admin'],
        ...(vars.sshLimit ? { limit: vars.sshLimit } : {}),
      },
      dhcpV6,
      ...portMatrix.flatMap(({ from, ...flow }) => {
        const addresses = from.flatMap((name) => sources[name])
        return addresses.length > 0 ? [{ ...flow, from: addresses, groups: from }] : []
      }),
    ]
    // The day of who runs it, UTC: a line ends everywhere at once.
    const today = new Date().toISOString().slice(0, 10)
    const written = (lines: readonly Line[]) =>
      lines.map((l) => ({ ...l, from: resolve(l.from), groups: l.from, by: 'inventory' }))
    const isOver = (l: Line) => (l.until ?? today) < today
    const valid = (lines: readonly Line[]) => written(lines.filter((l) => !isOver(l)))
    const past = (lines: readonly Line[]) => written(lines.filter(isOver))
    const extra = [...vars.allow, ...vars.deny, ...vars.published]
    const policy = {
      flows: [...declared, ...valid(vars.allow)],
      denied: valid(vars.deny),
      published: valid(vars.published),
      expired: { flows: past(vars.allow), denied: past(vars.deny), published: past(vars.published) },
      external: [...new Set(facts.network.map((a) => a.interface))],
    }
    for (const f of [...declared, ...extra])
      if ((f.protocol === 'tcp' || f.protocol === 'udp') && !f.ports?.length)
        throw new InputError({ what: `firewall: "${f.reason}" is ${f.protocol} and names no ports` })
    const script = file(scriptPath, { content: hostScript, mode: '0755' })
    const unit = file('/etc/systemd/system/provision-firewall.service', { content: hostUnit })
    return [
      pkg('iptables'),
      // So that the audit sees tables that iptables does not show. Its service stays off: it would flush ours.
      pkg('nftables'),
      script,
      firewall({
        policy,
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

/**
 * From where a host speaks to its peers: its address in the inventory, and the others of the interface that carries it,
 * because the kernel may choose any of those as a source. Addresses of other interfaces (of virtual machines, of a VPN) have
 * no business on the ports of the cluster. Where no interface has the address (NAT), all count.
 */
export function peerAddressesOf(address: string, found: readonly Address[]): readonly string[] {
  const carrier = found.find((a) => a.address === address)?.interface
  return addressesOf(address, carrier === undefined ? found : found.filter((a) => a.interface === carrier))
}

/** All lasting addresses of a host, its address in the inventory first. Sorted: the order of interfaces may change at a boot. */
function addressesOf(address: string, found: readonly Address[]): readonly string[] {
  const lasting = found.filter((a) => !a.changing).map((a) => a.address)
  return [...new Set([...(isIP(address) ? [address] : []), ...lasting.toSorted()])]
}
