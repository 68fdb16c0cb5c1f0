import type { Entries } from './entry.ts'

/** 00x the audit itself, 01x policy and our own chains, 03x what a boot and others do to them. */
export const rules = {
  FW001: {
    severity: 'high',
    level: 'rules',
    title: 'host could not be audited',
    meaning: 'Nothing is known of this host: it is not clean, it was not looked at.',
    fix: 'Mend what the evidence says (connection, rights to read, a missing tool), then audit it again with --limit.',
  },
  FW002: {
    severity: 'medium',
    level: 'effect',
    title: 'rule not understood',
    meaning:
      'A rule uses a match or target that the audit cannot compute, so what it lets in is unknown and is not taken for closed.',
    fix: 'Read the rule in the evidence by eye, try the port with --probe, and take the rule away if the inventory does not ask for it.',
  },
  FW003: {
    severity: 'medium',
    level: 'rules',
    title: 'waiver has expired',
    meaning: 'What was let be until that day is still there, and nobody has looked at it again.',
    fix: 'Mend what it hides, or decide again and set a new `until` in audit.waivers of the inventory.',
  },
  FW004: {
    severity: 'medium',
    level: 'rules',
    title: 'waiver for an unknown host or finding',
    meaning:
      'A waiver names a host or an id that does not exist, so it lets nothing be that it was meant for.',
    fix: 'Correct the id (docs/firewall-findings.md) or the host in audit.waivers, or delete the waiver.',
  },
  FW005: {
    severity: 'low',
    level: 'rules',
    title: 'waiver that matches nothing',
    meaning: 'What it lets be is gone; it would hide the same thing should it come back.',
    fix: 'Delete it from audit.waivers of the inventory.',
  },
  FW010: {
    severity: 'critical',
    level: 'effect',
    title: 'IPv4 lets everything in',
    meaning: 'No rule drops what nobody allowed: every port that listens on this host is open over IPv4.',
    fix: 'Run `provision plan --tags firewall`, then `provision --tags firewall`: it loads our chain and jumps to it first.',
  },
  FW011: {
    severity: 'high',
    level: 'rules',
    title: 'our chain is missing or not the first',
    meaning:
      'Packets meet rules of others before ours, or never meet ours: what the inventory says does not count.',
    fix: 'Run `provision --tags firewall`; if it comes back, find who puts rules first (evidence, FW033).',
  },
  FW012: {
    severity: 'high',
    level: 'rules',
    title: 'a rule of ours is missing',
    meaning:
      'Somebody deleted a rule by hand: something that must work may be blocked, or something that must be blocked is open.',
    fix: 'See who with `provision firewall history HOST`, then run `provision --tags firewall`.',
  },
  FW013: {
    severity: 'high',
    level: 'rules',
    title: 'a rule in our chain that nobody asked for',
    meaning: 'Somebody added a rule by hand, without a reason or an owner in the inventory.',
    fix: 'If it is needed, write it under firewall.allow with its reason; then run `provision --tags firewall`.',
  },
  FW014: {
    severity: 'high',
    level: 'rules',
    title: 'order of our rules was changed',
    meaning:
      'The first rule that matches decides, and in this order other packets get in than the inventory says.',
    fix: 'Run `provision audit firewall --diff` to see it, then `provision --tags firewall`.',
  },
  FW015: {
    severity: 'high',
    level: 'rules',
    title: 'a rule of ours was changed',
    meaning: 'A rule stands where ours should, with another source, port or target.',
    fix: 'Run `provision audit firewall --diff` to see it, then `provision --tags firewall`.',
  },
  FW016: {
    severity: 'medium',
    level: 'rules',
    title: 'rule is shadowed',
    meaning:
      'A rule above it already decides every packet it could match, so it never does what its author meant.',
    fix: 'Delete it, or move it above the rule in the evidence; if it is ours, run `provision --tags firewall`.',
  },
  FW017: {
    severity: 'low',
    level: 'rules',
    title: 'rule is there twice',
    meaning: 'The second does nothing now, and will keep the hole open when somebody deletes only the first.',
    fix: 'Delete the second; if it is ours, run `provision --tags firewall`.',
  },
  FW018: {
    severity: 'high',
    level: 'rules',
    title: 'answers are not let in',
    meaning:
      'No rule accepts established and related packets: connections that this host opens get no answer.',
    fix: 'Run `provision --tags firewall`.',
  },
  FW019: {
    severity: 'high',
    level: 'rules',
    title: 'loopback is not allowed',
    meaning:
      'Programs of this host cannot talk to each other over 127.0.0.1 or ::1: health checks and pools break.',
    fix: 'Run `provision --tags firewall`.',
  },
  FW030: {
    severity: 'high',
    level: 'rules',
    title: 'loaded, but not kept for the next boot',
    meaning: 'After a reboot this host filters otherwise than now.',
    fix: 'Run `provision --tags firewall`: it writes /etc/provision/firewall.v4 and .v6 after the rules are confirmed.',
  },
  FW031: {
    severity: 'high',
    level: 'rules',
    title: 'kept for the next boot, but not loaded',
    meaning:
      'What was confirmed last is not what filters now: it comes into force at the next boot, by surprise.',
    fix: 'See what changed with `provision firewall history HOST`, then run `provision --tags firewall`.',
  },
  FW032: {
    severity: 'high',
    level: 'rules',
    title: 'provision-firewall.service is off or failed',
    meaning: 'After a reboot nothing loads our rules and the host is open.',
    fix: 'Read `systemctl status provision-firewall`, then run `provision --tags firewall`.',
  },
  FW033: {
    severity: 'high',
    level: 'rules',
    title: 'another firewall manager is active',
    meaning:
      'It rewrites the same tables: at its next reload or boot it may flush our rules and those of Docker.',
    fix: 'Disable it (`systemctl disable --now` the unit in the evidence) and bring its rules to firewall.allow.',
  },
  FW034: {
    severity: 'high',
    level: 'rules',
    title: 'rules in both backends',
    meaning:
      'Both iptables-legacy and nf_tables filter: a packet must pass both, and each tool shows only half.',
    fix: 'Flush the legacy tables (`iptables-legacy -F`, `ip6tables-legacy -F`) after you moved what is needed to the inventory.',
  },
  FW035: {
    severity: 'medium',
    level: 'rules',
    title: 'foreign nftables table',
    meaning: 'A table that no iptables command shows filters or changes packets as well.',
    fix: 'Read it with `nft list table` (evidence); delete it, or waive it with the reason why it is needed.',
  },
  FW036: {
    severity: 'medium',
    level: 'rules',
    title: 'Docker may put its rules before ours',
    meaning:
      'The drop-in of docker.service that puts our jump first again after a start of dockerd is missing.',
    fix: 'Run `provision --tags firewall`.',
  },
} as const satisfies Entries
