import { raw, type Script } from '../shell/sh.ts'

/**
 * What the audit asks a host that only root may read: fixed command lines, so that an audit user needs sudo for exactly
 * these (docs/firewall-audit.md). They change nothing. `needed`: without its answer nothing can be said of the host.
 */
export const rootQuestions = {
  nft4: { command: '/usr/sbin/iptables-nft-save -c', needed: true },
  nft6: { command: '/usr/sbin/ip6tables-nft-save -c', needed: true },
  legacy4: { command: '/usr/sbin/iptables-legacy-save -c', needed: true },
  legacy6: { command: '/usr/sbin/ip6tables-legacy-save -c', needed: true },
  tables: { command: '/usr/sbin/nft -j list chains', needed: false },
  sets: { command: '/usr/sbin/ipset save', needed: false },
  sockets: { command: '/usr/bin/ss -Hlntup', needed: true },
  sshd: { command: '/usr/sbin/sshd -T', needed: false },
  containers: {
    command: '/usr/bin/curl -q -s --max-time 5 --unix-socket /run/docker.sock http://docker/containers/json',
    needed: false,
  },
  services: {
    command: '/usr/bin/curl -q -s --max-time 5 --unix-socket /run/docker.sock http://docker/services',
    needed: false,
  },
  files: {
    command:
      '/usr/bin/tail -v -n +1 /etc/provision/firewall.v4 /etc/provision/firewall.v6 /var/lib/provision/firewall.confirmed /var/lib/provision/firewall.confirmed-by',
    needed: false,
  },
} as const satisfies Readonly<Record<string, { readonly command: string; readonly needed: boolean }>>

export type RootQuestion = keyof typeof rootQuestions

/** Kept on the host's side of the wire: names and ports of containers, nothing of their environment or labels. */
const filters: Partial<Record<RootQuestion, string>> = {
  containers:
    'jq -c \'[.[] | {id: .Id, name: (.Names[0] // ""), ports: [.Ports[]? | {ip: .IP, private: .PrivatePort, public: .PublicPort, protocol: .Type}]}]\'',
  services:
    'jq -c \'if type == "array" then [.[] | {name: .Spec.Name, ports: [.Endpoint.Ports[]? | {public: .PublishedPort, private: .TargetPort, protocol: .Protocol, mode: .PublishMode}]}] else [] end\'',
}

const units = [
  'provision-firewall.service',
  'docker.service',
  'nftables.service',
  'netfilter-persistent.service',
  'ufw.service',
  'firewalld.service',
  'fail2ban.service',
]

/** What every user may read. */
const plainQuestions = {
  backend: '/usr/sbin/iptables -V',
  addresses: 'ip -j addr',
  routes: 'ip -j route; ip -j -6 route',
  settings:
    'grep -H . /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding /proc/sys/net/ipv4/conf/*/rp_filter /proc/sys/net/ipv4/conf/all/accept_redirects /proc/sys/net/ipv4/conf/all/accept_source_route /proc/sys/net/netfilter/nf_conntrack_count /proc/sys/net/netfilter/nf_conntrack_max /proc/sys/net/ipv4/ip_local_port_range 2>/dev/null',
  units: `systemctl show -p Id,LoadState,ActiveState,UnitFileState,DropInPaths ${units.join(' ')}`,
  ufw: "grep -h '^ENABLED=' /etc/ufw/ufw.conf 2>/dev/null",
  clock: 'date +%s; cat /proc/uptime',
  // Which container a process belongs to stands in its cgroup.
  cgroups: 'grep -H docker /proc/[0-9]*/cgroup 2>/dev/null',
} as const

export type Question = RootQuestion | keyof typeof plainQuestions

export const questionNames: readonly Question[] = [
  ...(Object.keys(rootQuestions) as RootQuestion[]),
  ...(Object.keys(plainQuestions) as (keyof typeof plainQuestions)[]),
]

/** Said when a tool is not installed: there is then nothing of its sort, or it cannot be seen. */
export const notInstalled = 'provision-audit: not installed'

/** One question as a part of a script; changes nothing, and leaves no file. */
export function scriptOf(question: Question): Script {
  if (question in plainQuestions) return raw(plainQuestions[question as keyof typeof plainQuestions])
  const { command } = rootQuestions[question as RootQuestion]
  const tool = command.slice(0, command.indexOf(' '))
  const filter = filters[question as RootQuestion]
  const asked = `if [ -x ${tool} ]; then if [ "$(id -u)" = 0 ]; then ${command}; else sudo -n ${command}; fi; else echo '${notInstalled}' >&2; (exit 127); fi`
  return raw(filter ? `{ ${asked}; } | ${filter}` : asked)
}

/** The lines for /etc/sudoers.d that an audit user needs. */
export function sudoers(user: string): string {
  const commands = Object.values(rootQuestions).map(({ command }) => command.replaceAll(/([,:=\\])/g, '\\$1'))
  return commands.map((command) => `${user} ALL=(root) NOPASSWD: ${command}\n`).join('')
}
