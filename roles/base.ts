import { block, check, file, hardware, hostname, os, pkg, RefusedError, role, t, timezone } from 'provision'

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
      'jq',
    ],
  }),
  timezone: t.String({ default: 'Etc/UTC' }),
  minimumRamGb: t.Number({ default: 4 }),
  minimumFreeGb: t.Number({ default: 5, description: 'On / and on /var.' }),
})

const supported: Readonly<Record<string, readonly string[]>> = {
  debian: ['12', '13'],
  ubuntu: ['22.04', '24.04'],
}

/** What every host has: a supported system, its name and those of its peers, packages, and upgrades that restart nothing by themselves. */
export default role({
  name: 'base',
  vars,
  facts: { os, hardware },
  resources({ vars, facts, host, hosts }) {
    if (!supported[facts.os.id]?.includes(facts.os.version))
      throw new RefusedError({
        host: host.name,
        what: `${facts.os.id} ${facts.os.version} is not supported`,
        next: 'use Debian 12 or 13, or Ubuntu 22.04 or 24.04',
      })
    const double = hosts.find(
      (h) => h.name !== host.name && h.facts.hardware.machineId === facts.hardware.machineId,
    )
    if (double)
      throw new RefusedError({
        host: host.name,
        what: `has the machine-id of ${double.name}: etcd and Swarm would take them for one machine`,
        next: 'on one of them: rm /etc/machine-id; systemd-machine-id-setup; reboot',
      })
    return [
      hostname(host.name),
      block('/etc/hosts', { name: 'peers', content: hosts.map((h) => `${h.address} ${h.name}\n`).join('') }),
      vars.packages.map((name) => pkg(name)),
      timezone(vars.timezone),
      file('/etc/apt/apt.conf.d/52provision', { content: upgrades }),
      file('/etc/apt/apt.conf.d/20auto-upgrades', {
        content: 'APT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n',
      }),
      check('memory', atLeast('MemTotal of /proc/meminfo', facts.hardware.ramKb, vars.minimumRamGb), {
        withinSeconds: 0,
      }),
      check('free space on /', atLeast('free on /', facts.hardware.freeKb.root, vars.minimumFreeGb), {
        withinSeconds: 0,
      }),
      check('free space on /var', atLeast('free on /var', facts.hardware.freeKb.var, vars.minimumFreeGb), {
        withinSeconds: 0,
      }),
    ]
  },
})

/** Security fixes come by themselves; the database, Docker and the kernel never restart by themselves. */
const upgrades = `// Written by provision (role base).
Unattended-Upgrade::Package-Blacklist { "docker"; "containerd"; "runc"; "linux-image"; "postgresql"; "patroni"; "etcd"; "haproxy"; "pgbouncer"; "keepalived"; };
Unattended-Upgrade::Automatic-Reboot "false";
`

function atLeast(what: string, kb: number, gb: number): string {
  const found = (kb / 1024 / 1024).toFixed(1)
  return `[ ${kb} -ge ${Math.floor(gb * 1024 * 1024)} ] || { echo '${what}: ${found} GB, at least ${gb} GB is needed'; exit 1; }`
}
