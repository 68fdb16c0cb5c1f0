import { forwardChain, inChain } from './render.ts'

export const scriptPath = '/usr/local/sbin/provision-firewall'

/** Loads, saves and takes back our chains. On the host, so that it works at boot and when we are gone. */
export const hostScript = `#!/bin/sh
# Written by provision (role firewall). Our chains only: what Docker and others keep in the tables is left alone.
#   load V4 V6   fill our chains from these files and jump to them first
#   save         keep what is loaded now, for rollback
#   rollback     go back to what was saved
#   boot         load what was confirmed last
set -eu
state=/var/lib/provision
own='^(:|-A )(${inChain}|${forwardChain}) '

first() { # tool chain target: the jump is the first rule of the chain
  [ "$("$1" -w 10 -S "$2" | sed -n 2p)" = "-A $2 -j $3" ] && return
  while "$1" -w 10 -D "$2" -j "$3" 2>/dev/null; do :; done
  "$1" -w 10 -I "$2" 1 -j "$3"
}

fill() { # V4 V6: our chains from these files, and the jumps to them
  iptables-restore -w 10 --noflush <"$1"
  ip6tables-restore -w 10 --noflush <"$2"
  for tool in iptables ip6tables; do
    # Docker keeps a DOCKER-USER chain that is there before it.
    "$tool" -w 10 -N DOCKER-USER 2>/dev/null || :
    first "$tool" INPUT ${inChain}
    first "$tool" DOCKER-USER ${forwardChain}
  done
}

shut() { # what no rule names stays out, also when somebody takes our jump away
  for tool in iptables ip6tables; do "$tool" -w 10 -P INPUT DROP; "$tool" -w 10 -P FORWARD DROP; done
}

clear() {
  for tool in iptables ip6tables; do
    for pair in 'INPUT ${inChain}' 'DOCKER-USER ${forwardChain}'; do
      while "$tool" -w 10 -D \${pair% *} -j \${pair#* } 2>/dev/null; do :; done
      "$tool" -w 10 -F \${pair#* } 2>/dev/null || :
      "$tool" -w 10 -X \${pair#* } 2>/dev/null || :
    done
  done
}

save() {
  for tool in iptables ip6tables; do
    { echo '*filter'; "$tool"-save -t filter | grep -E "^:(INPUT|FORWARD) |$own" || :; echo COMMIT; } >"$state/firewall.previous.$tool"
  done
}

case \${1:-} in
  load) fill "$2" "$3"; shut ;;
  save) save ;;
  rollback)
    rm -f /run/provision/firewall.pending
    if grep -qE "$own" "$state/firewall.previous.iptables"; then
      fill "$state/firewall.previous.iptables" "$state/firewall.previous.ip6tables"
    else
      # Nothing but the policies of INPUT and FORWARD: first of all they let us in again, whatever was noted.
      for tool in iptables ip6tables; do "$tool" -w 10 -P INPUT ACCEPT; done
      iptables-restore -w 10 --noflush <"$state/firewall.previous.iptables"
      ip6tables-restore -w 10 --noflush <"$state/firewall.previous.ip6tables"
      clear
    fi
    ;;
  boot)
    if [ -e /etc/provision/firewall.v4 ]; then fill /etc/provision/firewall.v4 /etc/provision/firewall.v6; shut; fi
    ;;
  *) sed -n '2,7s/^# \\{0,1\\}//p' "$0"; exit 64 ;;
esac
`

/** Before the network is up and before Docker: the host is never open in between. */
export const hostUnit = `[Unit]
Description=Firewall chains of provision
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target docker.service shutdown.target
After=local-fs.target systemd-modules-load.service
# Others that load rules at boot may flush ours: they come first.
After=nftables.service netfilter-persistent.service ufw.service firewalld.service
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${scriptPath} boot

[Install]
WantedBy=sysinit.target
`

/** dockerd puts its own jumps first when it starts: ours go first again. */
export const dockerDropIn = `[Service]
ExecStartPost=-${scriptPath} boot
`
