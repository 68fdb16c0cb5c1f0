import {
  check,
  command,
  directory,
  drainedFile,
  dropIn,
  file,
  InputError,
  network,
  networkFiles,
  type Port,
  pkg,
  type Resource,
  role,
  service,
  sh,
  t,
  template,
  user,
} from 'provision'
import cluster from './cluster.ts'

/** What it listens on. */
export const ports: readonly Port[] = [{ from: ['peers'], protocol: 'vrrp', ports: [], reason: 'keepalived' }]

const vars = t.Object({
  routerId: t.Integer({
    default: 51,
    minimum: 1,
    maximum: 255,
    description: 'Of its own in the network segment: two clusters with one id fight for the address.',
  }),
})

const configuration = template(
  'vip/keepalived.conf.hbs',
  t.Object({
    ...vars.properties,
    name: t.String(),
    interface: t.String(),
    address: t.String(),
    priority: t.Integer(),
    peers: t.Array(t.String()),
    vip: t.String(),
    prefix: t.Integer(),
    drainedFile: t.String(),
    endSessions: t.String(),
  }),
)

const ending = template('vip/end-sessions.sh.hbs', t.Object({ vip: t.String() }))

/** The address that clients use: on one host whose HAProxy answers, kept by keepalived (VRRP, unicast). */
export default role({
  name: 'vip',
  vars,
  facts: { network, networkFiles },
  shared: { cluster },
  resources({ vars, facts, shared, host, hosts }) {
    const own = facts.network.find((a) => a.address === host.address)
    if (!own)
      throw new InputError({
        host: host.name,
        what: `the host has no interface with its address ${host.address}`,
        next: "correct the host's address in the inventory: the VIP goes where it is",
      })
    const { vip } = shared.cluster
    const endSessions = '/usr/local/sbin/provision-end-sessions'
    const config = file('/etc/keepalived/keepalived.conf', {
      content: configuration({
        ...vars,
        name: host.name,
        interface: own.interface,
        prefix: own.prefix,
        address: host.address,
        priority: 100 - hosts.findIndex((h) => h.name === host.name),
        peers: hosts.filter((h) => h.name !== host.name).map((h) => h.address),
        vip,
        drainedFile,
        endSessions,
      }),
    })
    const comesBack = dropIn('keepalived.service', 'provision', alwaysThere({ ...own, vip, endSessions }))
    return [
      keptOverRestarts(facts.networkFiles[own.interface]),
      user('keepalived_script', { system: true, shell: '/usr/sbin/nologin' }),
      pkg('keepalived'),
      file(endSessions, { content: ending({ vip }), mode: '0755' }),
      config,
      comesBack.folder,
      comesBack.file,
      service('keepalived', { restartOn: [config, comesBack.file], reload: true }),
      check(
        'the VIP is held by one host',
        sh`ping -c 1 -W 1 ${vip} >/dev/null || { echo ${`${vip} does not answer`}; exit 1; }`.text,
        {
          withinSeconds: 30,
        },
      ),
    ]
  },
})

/**
 * systemd-networkd takes addresses off that it did not set, whenever it restarts: each of its security updates would move
 * the VIP, and end every session on it. Where something else looks after the interface there is nothing to do.
 */
function keptOverRestarts(networkFile: string | undefined): readonly Resource[] {
  if (networkFile === undefined) return []
  const folder = `/etc/systemd/network/${networkFile.split('/').at(-1)}.d`
  const link = file(`${folder}/provision-vip.conf`, {
    content: '# Written by provision (role vip).\n[Network]\nKeepConfiguration=static\n',
  })
  return [
    directory('/etc/systemd/network'),
    directory(folder),
    link,
    command('reload systemd-networkd', { run: 'networkctl reload', on: [link] }),
    directory('/etc/systemd/networkd.conf.d'),
    file('/etc/systemd/networkd.conf.d/provision.conf', {
      content:
        '# Written by provision (role vip). Read when networkd starts next.\n[Network]\nManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no\n',
    }),
  ]
}

/**
 * Debian's unit is not started again when it dies, and the address stays on the interface while another host takes it, too. What
 * runs after its end runs also after a SIGKILL: the address goes, and the sessions on it end.
 */
function alwaysThere({
  vip,
  prefix,
  interface: name,
  endSessions,
}: {
  readonly vip: string
  readonly prefix: number
  readonly interface: string
  readonly endSessions: string
}): string {
  return `# Written by provision (role vip).
[Unit]
StartLimitIntervalSec=0

[Service]
Restart=always
RestartSec=1
KillMode=mixed
ExecStopPost=-/usr/sbin/ip address del ${vip}/${prefix} dev ${name}
ExecStopPost=-${endSessions}
`
}
