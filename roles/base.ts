import { isIP } from 'node:net'
import { cloudInit, command, directory, file, hostname, hostsFile, pkg, role, t, timezone } from 'provision'

const vars = t.Object({
  packages: t.Array(t.String(), {
    default: [
      'ca-certificates',
      'curl',
      'tzdata',
      'unattended-upgrades',
      'sudo',
      'less',
      'procps',
      'iproute2',
      'iputils-ping',
      'jq',
      'zstd',
    ],
  }),
  timezone: t.String({ default: 'Etc/UTC' }),
  journalMb: t.Integer({ default: 1024, minimum: 64, description: 'What the journal may keep on disk.' }),
  sshPasswords: t.Boolean({
    default: false,
    description: 'May sshd take passwords? provision itself logs in by key or agent only.',
  }),
})

/** What every host has: its name and those of its peers, packages, and upgrades that restart nothing by themselves. */
export default role({
  name: 'base',
  vars,
  facts: { cloudInit },
  resources({ vars, facts, host, hosts }) {
    const answer = vars.sshPasswords ? 'yes' : 'no'
    const journald = file('/etc/systemd/journald.conf.d/provision.conf', {
      content: journaldConfig(vars.journalMb),
    })
    const sshd = file('/etc/ssh/sshd_config.d/10-provision.conf', { content: sshdConfig(answer) })
    return [
      // Before the first package: Ubuntu's needrestart restarts services by itself, Debian's asks.
      directory('/etc/needrestart'),
      directory('/etc/needrestart/conf.d'),
      file('/etc/needrestart/conf.d/provision.conf', { content: needrestart }),
      // It would set the name and /etc/hosts back at each boot.
      facts.cloudInit !== 'none' && file('/etc/cloud/cloud.cfg.d/99-provision.cfg', { content: cloudConfig }),
      hostname(host.name),
      // A host that the inventory only knows by its name is left to DNS.
      hostsFile(
        'peers',
        hosts.filter((h) => isIP(h.address)).map((h) => ({ address: h.address, names: [h.name] })),
      ),
      vars.packages.map((name) => pkg(name)),
      timezone(vars.timezone),
      sshd,
      // Tried first: an sshd that does not start again is a host that nobody gets into.
      command('reload sshd', { run: 'sshd -t && systemctl reload ssh', on: [sshd] }),
      directory('/etc/systemd/journald.conf.d'),
      journald,
      // journald keeps its sockets over a restart: nobody who logs notices. The flush brings what it had in memory.
      command('restart journald', {
        run: 'systemctl restart systemd-journald && journalctl --flush',
        on: [journald],
      }),
      file('/etc/apt/apt.conf.d/52provision', { content: upgrades }),
      file('/etc/apt/apt.conf.d/20auto-upgrades', {
        content: 'APT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n',
      }),
    ]
  },
})

/**
 * A client that answers nothing for 45 s is gone: its machine lost power, and nothing would tell. The lock of a run, and
 * all else that its session holds, then ends here instead of staying until TCP gives up (two hours, or never).
 */
function sshdConfig(passwords: string): string {
  return `# Written by provision (role base).
PasswordAuthentication ${passwords}
KbdInteractiveAuthentication ${passwords}
ClientAliveInterval 15
ClientAliveCountMax 3
`
}

const cloudConfig = `# Written by provision (role base).
preserve_hostname: true
manage_etc_hosts: false
`

/** Kept over a boot, within bounds: what happened before a crash is asked for after it. */
function journaldConfig(mb: number): string {
  return `# Written by provision (role base).
[Journal]
Storage=persistent
SystemMaxUse=${mb}M
SystemKeepFree=1G
MaxRetentionSec=3month
`
}

const carriers = ['docker', 'containerd', 'postgres', 'patroni', 'etcd', 'pgbouncer', 'haproxy', 'keepalived']

const needrestart = `# Written by provision (role base).
$nrconf{restart} = 'l';
${carriers.map((name) => `$nrconf{override_rc}{qr(^${name})} = 0;`).join('\n')}
1;
`

/** Security fixes come by themselves; the database, Docker and the kernel never restart by themselves. */
const upgrades = `// Written by provision (role base).
Unattended-Upgrade::Package-Blacklist { "docker"; "containerd"; "runc"; "linux-image"; "postgresql"; "patroni"; "etcd"; "haproxy"; "pgbouncer"; "keepalived"; };
Unattended-Upgrade::Automatic-Reboot "false";
`
