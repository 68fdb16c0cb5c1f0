import {
  check,
  directory,
  file,
  type Host,
  type Port,
  role,
  service,
  swarmService,
  t,
  template,
} from 'provision'
import cluster from './cluster.ts'
import { imageSet, imageVars } from './sheets/images.ts'
import { tls } from './sheets/secrets.ts'
import { etcdService } from './sheets/services.ts'

/** What it listens on. */
export const ports: readonly Port[] = [
  {
    from: ['peers'],
    protocol: 'tcp',
    ports: [2379, 2380],
    reason: 'etcd clients and members',
    // Without a certificate the TLS handshake fails; a member that asks for none answers with its state.
    control: { port: 2379, method: 'POST', path: '/v3/maintenance/status', body: '{}', taken: 200 },
  },
]

const vars = t.Object({
  heartbeatMs: t.Integer({ default: 100, description: 'About the round trip between the hosts.' }),
  electionMs: t.Integer({ default: 1000, description: 'At least ten round trips, the same on all hosts.' }),
  snapshotsKept: t.Integer({ default: 48, description: 'Hourly snapshots that stay on each host.' }),
  quotaBytes: t.Integer({ default: 2147483648, description: 'Largest size of the database.' }),
})

const view = t.Object({
  ...vars.properties,
  name: t.String(),
  address: t.String(),
  members: t.String(),
  token: t.String(),
})

const configuration = template('etcd/etcd.yml.hbs', view)

/** etcd: what Patroni keeps its leader key in. One member a host, spoken to only with certificates. */
export default role({
  name: 'etcd',
  vars,
  shared: { cluster, images: imageVars },
  secrets: { tls },
  resources({ vars, shared, secrets, host, hosts }) {
    const config = file('/etc/provision/etcd/etcd.yml', {
      content: configuration({
        ...vars,
        name: host.name,
        address: host.address,
        members: hosts.map((h) => `${h.name}=https://${h.address}:2380`).join(','),
        token: shared.cluster.scope,
      }),
    })
    return [
      directory('/etc/provision/etcd'),
      directory('/var/lib/etcd', { owner: '2379', group: '2379', mode: '0700' }),
      config,
      snapshots(host, hosts, vars.snapshotsKept),
      swarmService(etcdService({ host, images: imageSet(shared.images), tls: secrets.tls }), {
        restartOn: [config],
        interrupts: ['etcd'],
      }),
      check('etcd answers with a quorum', healthy(host.address), {
        withinSeconds: 120,
      }),
    ]
  },
})

/**
 * Every hour a snapshot beside the data, every night room that deleted keys have left is given back: on one member at a
 * time, because a member that does it answers nobody meanwhile. All by etcd's own programs, from its container.
 */
function snapshots(host: Host, hosts: readonly Host[], kept: number) {
  const nth = hosts.findIndex((h) => h.name === host.name)
  const script = file('/usr/local/sbin/provision-etcd', { content: etcdScript(host, kept), mode: '0755' })
  const job = (verb: 'snapshot' | 'defrag', when: string) => {
    const name = `provision-etcd-${verb}`
    return [
      file(`/etc/systemd/system/${name}.service`, {
        content: `# Written by provision (role etcd).\n[Unit]\nAfter=docker.service\n[Service]\nType=oneshot\nExecStart=/usr/local/sbin/provision-etcd ${verb}\n`,
      }),
      file(`/etc/systemd/system/${name}.timer`, {
        content: `# Written by provision (role etcd).\n[Timer]\nOnCalendar=${when}\nAccuracySec=1min\nPersistent=true\n[Install]\nWantedBy=timers.target\n`,
      }),
      service(`${name}.timer`),
    ]
  }
  return [
    directory('/var/lib/etcd-snapshots', { owner: '2379', group: '2379', mode: '0700' }),
    script,
    job('snapshot', `*-*-* *:${String(5 + 20 * (nth % 3)).padStart(2, '0')}:00`),
    job('defrag', `*-*-* 0${nth % 9}:40:00`),
  ]
}

function etcdScript({ name, address }: Host, kept: number): string {
  return `#!/bin/sh
# Written by provision (role etcd). etcdctl of this host's member: provision-etcd member list | endpoint status | …
set -eu
id=$(docker ps -q --filter label=com.docker.swarm.service.name=etcd-${name} | grep . || docker ps -q --filter name=breakglass-etcd)
ctl() { docker exec -e ETCDCTL_CACERT=/run/secrets/ca.crt -e ETCDCTL_CERT=/run/secrets/host.crt -e ETCDCTL_KEY=/run/secrets/host.key "$id" etcdctl --endpoints "https://${address}:2379" "$@"; }
case \${1:-} in
  snapshot)
    file=/var/lib/etcd-snapshots/$(date -u +%Y-%m-%dT%H-%M-%SZ).db
    ctl snapshot save "$file" >/dev/null
    ls -1 /var/lib/etcd-snapshots/*.db | head -n -${kept} | xargs -r rm -f -- ;;
  defrag) ctl defrag --command-timeout=60s ;;
  *) ctl "$@" ;;
esac
`
}

/** `/health` is a read through the leader: a member that answers it has a quorum. Each host vouches for its own. */
function healthy(address: string): string {
  return `said=$(curl -K /etc/provision/tls/curl.conf https://${address}:2379/health); case $said in *'"health":"true"'*) ;; *) echo "\${said:-no answer}"; exit 1 ;; esac`
}
