import type { Flow } from '../../firewall/rules.ts'
import { within } from '../../firewall/rules.ts'
import { finding } from '../catalogue.ts'
import type { Place } from '../effect.ts'
import type { Finding } from '../finding.ts'
import { isExposed, isWildcard, type Socket } from '../parse-sockets.ts'
import { groups } from './exposed.ts'

/** Who waits for connections, and is it meant to. */
export function listeners(place: Place): readonly Finding[] {
  const { name: host, seen, wish } = place
  const exposed = seen.sockets.filter(isExposed)
  const docker = exposed.filter((s) => s.protocol === 'tcp' && isDockerApi(s))
  const unknown = exposed.filter(
    (s) => !docker.includes(s) && !isDeclared(s, wish.policy.flows) && !isKnown(s, place),
  )
  const wide = exposed.filter((s) => isWildcard(s) && shouldBind(s, wish.policy.flows))
  return [
    ...perPort(docker).map(([first, all]) =>
      finding('FW023', { host, subject: `tcp ${first.port}`, evidence: evidenceOf(all, place) }),
    ),
    ...perPort(wide).map(([first, all]) =>
      finding('FW090', { host, subject: `tcp ${first.port}`, evidence: evidenceOf(all, place) }),
    ),
    ...perPort(unknown).map(([first, all]) =>
      finding('FW091', {
        host,
        subject: `${first.process ?? 'kernel'} on ${first.protocol} ${first.port}`,
        evidence: evidenceOf(all, place),
      }),
    ),
  ]
}

function perPort(sockets: readonly Socket[]): readonly (readonly [Socket, readonly Socket[]])[] {
  return groups(sockets, (s) => `${s.protocol} ${s.port}`).flatMap((all) =>
    all[0] ? [[all[0], all] as const] : [],
  )
}

function isDeclared({ protocol, port }: Socket, flows: readonly Flow[]): boolean {
  return flows.some(
    (flow) => flow.protocol === protocol && (flow.ports ?? []).some((range) => within(range, port)),
  )
}

/** dockerd listens for the swarm, too: those ports are declared. These are its API. */
function isDockerApi({ process, port }: Socket): boolean {
  return process === 'dockerd' && (port === 2375 || port === 2376)
}

/** A service of the stack that knows the address of its host. sshd and chrony take all addresses by design. */
function shouldBind(socket: Socket, flows: readonly Flow[]): boolean {
  const by = new Set(['etcd', 'postgres', 'pgbouncer', 'haproxy'])
  return (
    socket.protocol === 'tcp' &&
    isDeclared(
      socket,
      flows.filter((flow) => by.has(flow.by ?? '')),
    )
  )
}

/** Part of every Debian; the filter keeps them closed, and that is checked by itself. */
const ofSystem: readonly { readonly process: RegExp; readonly ports: readonly number[] }[] = [
  // LLMNR and multicast DNS.
  { process: /^systemd-resolve/, ports: [5355, 5353, 53] },
  // DHCP clients wait for their server's answer.
  { process: /^(systemd-network|dhclient|dhcpcd|NetworkManager)/, ports: [68, 546] },
]

function isKnown({ protocol, port, process = '' }: Socket, { seen }: Place): boolean {
  if (ofSystem.some((s) => s.process.test(process) && s.ports.includes(port))) return true
  if (seen.published.some((p) => p.protocol === protocol && p.port === port)) return true
  // A client of UDP looks like a listener: the kernel gave it its port.
  const [first = 32768] = (seen.settings.get('net.ipv4.ip_local_port_range') ?? '').split(/\s+/).map(Number)
  return protocol === 'udp' && port >= first
}

function evidenceOf(sockets: readonly Socket[], { seen }: Place): readonly string[] {
  return sockets.map(({ text, container }) =>
    container ? `${text} in container ${seen.containers.get(container) ?? container.slice(0, 12)}` : text,
  )
}
