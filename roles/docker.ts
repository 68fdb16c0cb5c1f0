import {
  aptRepository,
  check,
  directory,
  dockerEngine,
  engineMajor,
  enginePage,
  file,
  InputError,
  os,
  pkg,
  role,
  service,
  sh,
  sharedVars,
  t,
} from 'provision'
import { enginePackages, engineRefused, releaseOf } from './sheets/engines.ts'

const vars = t.Object({
  source: t.Union([t.Literal('distribution'), t.Literal('docker')], {
    default: 'distribution',
    description: "Debian's or Ubuntu's own packages, or Docker's repository.",
  }),
  version: t.Optional(t.String({ description: "Pinned version, with * as a wild card: '5:28.*'." })),
  repository: t.Optional(
    t.Object({ uri: t.String(), key: t.String({ description: 'Armored public key of the repository.' }) }),
  ),
  addressPools: t.Array(t.Object({ base: t.String(), size: t.Integer() }), {
    default: [{ base: '172.30.0.0/16', size: 24 }],
  }),
  bridge: t.String({ default: '172.29.0.1/24', description: 'Address of docker0.' }),
  openFiles: t.Integer({ default: 65536, description: 'Limit of open files in containers.' }),
  settings: t.Record(t.String(), t.Unknown(), { default: {}, description: 'More keys of daemon.json.' }),
})

/** For roles that must know Docker's addresses. */
export const dockerVars = sharedVars('docker', vars)

/** Docker Engine, 24 or newer, ready for Swarm. */
export default role({
  name: 'docker',
  vars,
  facts: { os, dockerEngine },
  resources({ vars, facts, host }) {
    const fromDocker = vars.source === 'docker'
    const found = facts.dockerEngine
    const refused = engineRefused(found, vars.source)
    if (refused)
      throw new InputError({ host: host.name, what: `docker: ${found} is installed here`, ...refused })
    const old = releaseOf(facts.os)?.tooOld
    if (!fromDocker && old && (found ?? 'docker.io') === 'docker.io')
      throw new InputError({
        host: host.name,
        what: `docker: ${facts.os.id} ${facts.os.version} ships Engine ${old}; at least 24 is needed`,
        next: 'set docker.source: docker and docker.repository in the inventory',
      })
    if (fromDocker && !vars.repository)
      throw new InputError({ what: 'docker.source is docker, but docker.repository is not set' })
    const packages = enginePackages(facts.os, vars.source, found)
    const { version } = vars
    const pinned = version === undefined ? {} : { version, hold: true }
    const daemon = file('/etc/docker/daemon.json', {
      content: `${JSON.stringify(daemonJson(vars), undefined, 2)}\n`,
      risk: ['restart'],
    })
    return [
      vars.repository &&
        fromDocker && [
          directory('/etc/apt/keyrings'),
          aptRepository('docker', {
            ...vars.repository,
            suite: facts.os.codename,
            components: ['stable'],
            architectures: [facts.os.architecture],
          }),
        ],
      // Before the packages: the daemon then starts once, with its configuration.
      directory('/etc/docker'),
      daemon,
      packages.pinned.map((name) => pkg(name, pinned)),
      packages.beside.map((name) => pkg(name)),
      // A restart of the daemon stops all containers of the host.
      service('docker', { restartOn: [daemon], interrupts: ['swarm', 'etcd', 'postgres'] }),
      check('Docker Engine is 24 or newer', engineCheck, {
        pages: {
          gets: [enginePage('/version')],
          wrong: ([version]) =>
            engineMajor(version) < 24
              ? `Docker Engine is ${engineMajor(version) || 'not answering'}, at least 24 is needed`
              : undefined,
        },
      }),
    ]
  },
})

/** Asks the daemon itself; curl costs a tenth of starting the docker client. */
const engineCheck =
  sh`v=$(curl -sSI --max-time 10 --unix-socket /run/docker.sock http://docker/_ping | sed -n 's|^Server: Docker/\([0-9]*\).*|\1|p')
[ "0$v" -ge 24 ] || { echo "Docker Engine is \${v:-not answering}, at least 24 is needed"; exit 1; }`.text

function daemonJson(vars: {
  addressPools: unknown
  bridge: string
  openFiles: number
  settings: Record<string, unknown>
}) {
  return {
    'log-driver': 'local',
    'log-opts': { 'max-size': '50m', 'max-file': '5' },
    'default-address-pools': vars.addressPools,
    bip: vars.bridge,
    'userland-proxy': false,
    iptables: true,
    // Up to Engine 26 the filtering of IPv6 counts as experimental; without it published ports are open to IPv6.
    experimental: true,
    ip6tables: true,
    icc: false,
    'metrics-addr': '127.0.0.1:9323',
    'default-ulimits': { nofile: { Name: 'nofile', Soft: vars.openFiles, Hard: vars.openFiles } },
    'shutdown-timeout': 120,
    'exec-opts': ['native.cgroupdriver=systemd'],
    'no-new-privileges': true,
    ...vars.settings,
  }
}
