import type { Fact } from '../model/probe.ts'
import { sh } from '../shell/sh.ts'

/**
 * The .network file of each interface that systemd-networkd looks after, netplan's among them; none where ifupdown or
 * NetworkManager does. Read by the shell from where networkd notes it: networkctl would be a process of 30 ms in each run.
 */
export const networkFiles: Fact<Readonly<Record<string, string>>> = {
  name: 'network-files',
  probe: {
    script: sh`for f in /sys/class/net/*/ifindex; do IFS= read -r i <"$f"; n=\${f%/ifindex}
if [ -e "/run/systemd/netif/links/$i" ]; then while IFS= read -r row; do case $row in NETWORK_FILE=*) printf '%s %s\n' "\${n##*/}" "\${row#*=}" ;; esac; done <"/run/systemd/netif/links/$i"; fi; done`,
    parse: ({ stdout }) =>
      Object.fromEntries(
        [...stdout.matchAll(/^(\S+) (\/\S+)$/gm)].map(([, name = '', path = '']) => [name, path]),
      ),
  },
}
