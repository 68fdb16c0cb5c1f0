import { type Script, sh } from 'provision'
import { nodeExporter } from './node-metrics.ts'
import { portMatrix } from './ports.ts'

/** Average milliseconds of a small write that waits for the disk; etcd and the WAL both live by it. */
export function fsyncLatency(folder: string, limitMs: number): Script {
  return sh`f=${folder}/.provision-fsync
s=$(LC_ALL=C dd if=/dev/zero of="$f" bs=8k count=100 oflag=dsync 2>&1 | sed -n 's/.*copied, \([0-9.e-]*\) s.*/\1/p'); rm -f "$f"
[ -n "$s" ] || { echo "not measured: dd cannot write to ${folder}"; exit 1; }
awk -v s="$s" -v limit=${limitMs} 'BEGIN { printf "%.2f ms\n", s * 10; exit (s * 10 > limit) }'`
}

/** Is the disk under `folder` without moving parts? A file system that hides its disk is said to. */
export function solidState(folder: string): Script {
  return sh`d=$(findmnt -no MAJ:MIN -T ${folder}); p=/sys/dev/block/$d
[ -e "$p/partition" ] && p=$p/..
if [ ! -e "$p/queue/rotational" ]; then echo "not known: $(findmnt -no FSTYPE -T ${folder}) hides its disk"; exit 0; fi
if [ "$(cat "$p/queue/rotational")" = 0 ]; then echo SSD; else echo 'rotating disk'; exit 1; fi`
}

/** A port that the stack needs, and by what it is known that the stack itself holds it already. */
export interface StackPort {
  readonly protocol: 'tcp' | 'udp'
  readonly port: number
  /**
   * `service`: a container of one of our services on this host. `engine`: the Docker daemon. Otherwise a file that says that
   * provision set up the program that listens. The name of a process proves nothing: every PostgreSQL is called postgres.
   */
  readonly owner: 'service' | 'engine' | { readonly file: string }
}

/** Ports on the loopback, beside those that the roles declare: metrics of etcd and of the Engine. */
const inner: readonly StackPort[] = [
  { protocol: 'tcp', port: 2381, owner: 'service' },
  { protocol: 'tcp', port: 9323, owner: 'engine' },
]

/** What listens without a container, by the role that declares its port. */
const outside: Readonly<Record<string, StackPort['owner']>> = {
  swarm: 'engine',
  chrony: { file: '/etc/chrony/conf.d/provision.conf' },
}

/** All ports of the stack; those of the monitoring only where there is one. */
export function stackPorts(isMonitored: boolean): readonly StackPort[] {
  const declared = portMatrix
    .filter(({ by }) => by !== 'monitoring' || isMonitored)
    .flatMap(({ protocol, ports, by }) =>
      protocol === 'tcp' || protocol === 'udp'
        ? ports.map((port): StackPort => {
            const owner = port === nodeExporter.port ? { file: nodeExporter.file } : outside[by]
            return { protocol, port: Number(port), owner: owner ?? 'service' }
          })
        : [],
    )
  return [...declared, ...inner]
}

/** Nobody else listens where the stack will, on whatever address. */
export function portsFree(wanted: readonly StackPort[], host: string): Script {
  const rows = wanted.map(({ protocol, port, owner }) =>
    [protocol, port, typeof owner === 'string' ? owner : owner.file].join(' '),
  )
  return sh`bad=; listening=$(ss -Hlntup)
for row in ${rows}; do
  set -- $row
  for pid in $(printf '%s\n' "$listening" | sed -n "s/^$1 .*:$2 .*users:((.*,pid=\([0-9]*\),.*/\1/p" | sort -u); do
    read -r name <"/proc/$pid/comm" || continue
    case $3 in
      engine) [ "$name" != dockerd ] || continue ;;
      service)
        c=$(sed -n 's/.*docker[-/]\([0-9a-f]\{64\}\).*/\1/p' "/proc/$pid/cgroup" | head -n 1)
        if [ -n "$c" ]; then
          of=$(curl -s --max-time 10 --unix-socket /run/docker.sock "http://docker/containers/$c/json" | jq -r '.Config.Labels["com.docker.swarm.service.name"] // (.Name | ltrimstr("/"))')
          case $of in *${`-${host}`} | breakglass-*) continue ;; esac
          name="container $of"
        fi ;;
      *) if [ -e "$3" ]; then continue; fi ;;
    esac
    bad="$bad $2/$1 ($name, pid $pid)"
  done
done
[ -z "$bad" ] || { echo "taken:$bad"; exit 1; }; echo free`
}

/** Peers' names lead to the inventory's addresses, or nowhere yet (the role base writes them). */
export function namesResolve(peers: readonly { readonly name: string; readonly address: string }[]): Script {
  const pairs = peers.map((p) => `${p.name}=${p.address}`)
  return sh`bad=
for pair in ${pairs}; do
  a=$(RES_OPTIONS='timeout:1 attempts:1' getent ahosts "\${pair%%=*}" | awk '$2 == "STREAM" { print $1 }')
  [ -z "$a" ] || printf '%s\n' "$a" | grep -qxF "\${pair#*=}" || bad="$bad \${pair%%=*} is $(echo $a)"
done
[ -z "$bad" ] || { echo "$bad"; exit 1; }; echo right`
}

/** Every peer answers, and packets of full size reach it unbroken. */
export function peersReachable(addresses: readonly string[], mtu: number): Script {
  return sh`command -v ping >/dev/null || { echo 'not measured: ping is not installed'; exit 0; }
bad=
for a in ${addresses}; do
  if ! ping -n -q -c 1 -W 2 "$a" >/dev/null 2>&1; then bad="$bad $a does not answer"
  elif ! ping -n -q -c 1 -W 2 -M do -s ${mtu - 28} "$a" >/dev/null 2>&1; then bad="$bad $a takes no packets of ${String(mtu)} bytes"; fi
done
[ -z "$bad" ] || { echo "$bad"; exit 1; }; echo ${addresses.length === 0 ? 'no peers' : `all, ${mtu} bytes`}`
}

/** apt's own downloader, with its proxies, gets the index of every source; a registry may answer 401: it answers. */
export function downloads(registry: string | undefined): Script {
  return sh`bad=; n=0; t=$(mktemp)
for u in $(apt-get update --print-uris 2>/dev/null | sed -n "s/^'\([^']*InRelease\)'.*/\1/p") ${registry ? [`${registry.replace(/\/$/, '')}/v2/`] : []}; do
  n=$((n + 1)); e=$(/usr/lib/apt/apt-helper -o Acquire::Retries=0 -o Acquire::http::Timeout=10 -o Acquire::https::Timeout=10 download-file "$u" "$t" 2>&1) || case $e in *' 401 '*) ;; *) bad="$bad $u" ;; esac
done
rm -f "$t"
[ -z "$bad" ] || { echo "no answer:$bad"; exit 1; }
[ "$n" -gt 0 ] || { echo 'apt has no sources'; exit 1; }; echo "$n sources answer"`
}

/**
 * Without ip_vs Swarm's virtual addresses and ingress lead nowhere, and only dockerd's log says so (tried on a kernel
 * without CONFIG_IP_VS: services run, connections are refused).
 */
export function loadBalancer(): Script {
  return sh`if [ -e /proc/net/ip_vs ] || modprobe -nq ip_vs 2>/dev/null; then echo there; else echo 'not in this kernel'; exit 1; fi`
}
