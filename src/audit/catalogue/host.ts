import type { Entries } from './entry.ts'

/** 07x Docker, forwarding and NAT, 08x hygiene, 09x who listens. */
export const host = {
  FW070: {
    severity: 'critical',
    level: 'effect',
    title: 'a container port walks around the filter',
    meaning:
      'Docker forwards a published port before INPUT is asked, and no rule of ours limits who may use it.',
    fix: 'Publish it on 127.0.0.1, or say under firewall.published who may reach it and run `provision --tags firewall`.',
  },
  FW071: {
    severity: 'high',
    level: 'rules',
    title: 'DOCKER-USER does not lead to our rules first',
    meaning: 'Ports that containers publish, now or later, are open to everybody.',
    fix: 'Run `provision --tags firewall`.',
  },
  FW072: {
    severity: 'high',
    level: 'rules',
    title: 'forwards without a policy',
    meaning:
      'Forwarding is on and FORWARD lets pass what no rule names: this host is a router for its neighbours.',
    fix: 'Set the policy (`iptables -P FORWARD DROP`, the same with ip6tables), or forwarding to 0 if no containers run here.',
  },
  FW073: {
    severity: 'high',
    level: 'effect',
    title: 'NAT leads to a closed port',
    meaning: 'A redirect rewrites an open port into one that the policy keeps closed.',
    fix: 'Delete the rule of the nat table in the evidence.',
  },
  FW080: {
    severity: 'medium',
    level: 'rules',
    title: 'a source that is no host of ours any more',
    meaning:
      'The address of a replaced host is still let in; whoever gets that address next inherits its rights.',
    fix: 'Run `provision --tags firewall`; take the address from firewall.allow if it stands there.',
  },
  FW081: {
    severity: 'medium',
    level: 'rules',
    title: 'rule without an owner',
    meaning:
      'A rule in INPUT or DOCKER-USER that is not ours: nobody can say why it is there and when it may go.',
    fix: 'Bring it to firewall.allow with its reason, then delete it here.',
  },
  FW082: {
    severity: 'medium',
    level: 'rules',
    title: 'a line of the inventory is past its day',
    meaning: 'It was to be allowed until that day only, and still is.',
    fix: 'Ask its owner (evidence); delete the line or give it a new day, then run `provision --tags firewall`.',
  },
  FW083: {
    severity: 'medium',
    level: 'rules',
    title: 'connection tracking is nearly full or missing',
    meaning: 'When the table is full the kernel drops new connections, of clients and of the cluster.',
    fix: 'Raise net.netfilter.nf_conntrack_max, and look for who opens so many connections (`conntrack -S`).',
  },
  FW084: {
    severity: 'medium',
    level: 'rules',
    title: 'a network setting of the kernel is off',
    meaning: 'Forwarding, source checks or redirects are otherwise than the filter counts on.',
    fix: 'Run `provision --tags kernel`; see `sysctl` in the evidence.',
  },
  FW085: {
    severity: 'low',
    level: 'rules',
    title: 'drops are not logged, or without a limit',
    meaning: 'Without a log nobody sees what was refused; without a limit anybody can fill the disk.',
    fix: 'Run `provision --tags firewall`.',
  },
  FW086: {
    severity: 'low',
    level: 'rules',
    title: 'a line that nobody uses',
    meaning: 'No packet has met it in audit.unusedAfterDays: it is wrong, or a door that is open for nobody.',
    fix: 'Ask its owner; if it is not needed any more, delete the line and run `provision --tags firewall`.',
  },
  FW090: {
    severity: 'high',
    level: 'rules',
    title: 'listens on all addresses',
    meaning: 'A service that should only listen on the address of its host relies on the filter alone.',
    fix: 'Set its listen address, by running the phase of `provision` that it belongs to.',
  },
  FW091: {
    severity: 'high',
    level: 'rules',
    title: 'unknown listener',
    meaning: 'A process that the inventory does not know waits for connections from other machines.',
    fix: 'Find out who started it (evidence); stop it, or allow its port with a reason under firewall.allow.',
  },
  FW092: {
    severity: 'medium',
    level: 'reach',
    title: 'a control port takes orders without a certificate',
    meaning: 'The API of etcd or Patroni asks for no certificate: the filter is its only lock.',
    fix: 'Run `provision --tags etcd,postgres`: they serve TLS and ask for certificates.',
  },
} as const satisfies Entries
