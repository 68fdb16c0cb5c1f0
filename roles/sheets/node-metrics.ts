import { directory, file, type Host, type Identity, link, pkg, type Resources, service } from 'provision'
import { backupScript } from './backup.ts'
import { identityFiles } from './secrets.ts'

const folder = '/etc/provision/node-exporter'

/** Where it listens, and the unit by which it is known to be ours. */
export const nodeExporter = {
  port: 9100,
  file: '/etc/systemd/system/provision-node-exporter.service',
}

/** Whoever has metrics of a host beside those of the node exporter writes them there, as NAME.prom, whole. */
export const textfiles = '/var/lib/prometheus/node-exporter'

/**
 * The host's own metrics: a package of the host, as a container sees less. Under a unit of our own, so that all of it can be
 * taken away again; the package's, which listens everywhere and without TLS, never starts.
 */
export function nodeMetrics(host: Host, tls: Identity, vip: string): Resources {
  const access = { owner: 'prometheus', group: 'prometheus' }
  const unit = file(nodeExporter.file, { content: exporterUnit(host) })
  const script = file('/usr/local/sbin/provision-metrics', { content: metricsScript(vip), mode: '0755' })
  const loop = file('/etc/systemd/system/provision-metrics.service', { content: metricsUnit })
  return [
    link('/etc/systemd/system/prometheus-node-exporter.service', { to: '/dev/null' }),
    pkg('prometheus-node-exporter'),
    // One that somebody had running before holds the port.
    service('prometheus-node-exporter', { enabled: false, running: false }),
    directory(textfiles),
    // The exporter reads them anew at each handshake: a renewed certificate needs no restart.
    directory(folder, { ...access, mode: '0700' }),
    identityFiles(host, tls).map(({ file: name, value }) =>
      file(`${folder}/${name}`, { content: value, mode: '0400', ...access }),
    ),
    file(`${folder}/web.yml`, { content: webConfig, mode: '0400', ...access }),
    unit,
    service('provision-node-exporter', { restartOn: [unit] }),
    script,
    loop,
    service('provision-metrics', { restartOn: [script, loop] }),
  ]
}

const webConfig = `# Written by provision (role monitoring). Only who has a certificate of the cluster may ask.
tls_server_config:
  cert_file: ${folder}/host.crt
  key_file: ${folder}/host.key
  client_ca_file: ${folder}/ca.crt
  client_auth_type: RequireAndVerifyClientCert
`

function exporterUnit({ address }: Host): string {
  const flags = [
    `--web.listen-address=${address}:${nodeExporter.port}`,
    `--web.config.file=${folder}/web.yml`,
    `--collector.textfile.directory=${textfiles}`,
    // On in Debian's build: a series for each state of each unit, and nothing asks for it.
    '--no-collector.systemd',
    // What Docker mounts for each container is the same disk again.
    '--collector.filesystem.mount-points-exclude=^/(dev|proc|run|sys|var/lib/docker/.+)($|/)',
  ]
  // `$$`: systemd would take what follows a single one for a variable.
  return `# Written by provision (role monitoring).
[Unit]
Description=Metrics of this host, for Prometheus
After=network-online.target
Wants=network-online.target
[Service]
User=prometheus
ExecStart=/usr/bin/prometheus-node-exporter ${flags.map((f) => f.replaceAll('$', '$$$$')).join(' ')}
Restart=always
RestartSec=3
NoNewPrivileges=yes
[Install]
WantedBy=multi-user.target
`
}

/**
 * What no exporter knows: who has the address, until when certificates are valid, and dockerd's metrics. Those stay on
 * 127.0.0.1, because another metrics-addr would restart dockerd, and with it every container, on clusters that run.
 */
function metricsScript(vip: string): string {
  return `#!/bin/sh
# Written by provision (role monitoring). Every 15 s: metrics of this host for the node exporter.
set -u
to=${textfiles}/provision.prom
certificate() { # NAME FILE
  [ -r "$2" ] && end=$(openssl x509 -noout -enddate -in "$2") && end=$(date -d "\${end#*=}" +%s) \\
    && printf 'provision_certificate_not_after_timestamp_seconds{certificate="%s"} %s\\n' "$1" "$end"
}
metrics() {
  echo '# HELP provision_vip_held Whether this host has the address that clients use.'
  echo '# TYPE provision_vip_held gauge'
  if ip -o addr show | grep -qF ' ${vip}/'; then echo 'provision_vip_held 1'; else echo 'provision_vip_held 0'; fi
  echo '# HELP provision_certificate_not_after_timestamp_seconds Until when a certificate is valid.'
  echo '# TYPE provision_certificate_not_after_timestamp_seconds gauge'
  certificate host /etc/provision/tls/host.crt
  certificate authority /etc/provision/tls/ca.crt
  certificate swarm /var/lib/docker/swarm/certificates/swarm-node.crt
  curl -s --noproxy '*' --max-time 5 http://127.0.0.1:9323/metrics | grep -E '^(# (HELP|TYPE) )?(swarm_(node_manager|manager_leader|manager_nodes)|engine_daemon_(engine_info|container_states_containers|health_checks_failed_total))\\b'
}
while :; do
  # What was said of backups is no longer true where there are none any more.
  [ -e ${backupScript} ] || rm -f "\${to%/*}"/provision-backup*.prom "\${to%/*}"/provision-drill.prom "\${to%/*}"/provision-wal-dropped.prom
  metrics > "$to.new"
  chmod 0644 "$to.new" && mv -f "$to.new" "$to"
  sleep 15
done
`
}

const metricsUnit = `# Written by provision (role monitoring).
[Unit]
Description=Metrics of this host that no exporter has
After=network-online.target docker.service
[Service]
ExecStart=/usr/local/sbin/provision-metrics
# Nothing old is shown for what is true now.
ExecStopPost=/bin/rm -f ${textfiles}/provision.prom ${textfiles}/provision.prom.new
Restart=always
RestartSec=3
[Install]
WantedBy=multi-user.target
`
