import { localPsql, raw, type ServiceWish, sh } from 'provision'

/**
 * A script that runs a host's part of the stack without the swarm: when its managers have lost their quorum and the
 * host was restarted meanwhile. It refuses what the swarm runs already.
 */
export function breakGlass(services: readonly ServiceWish[]): string {
  const parts = services.map((wish) => component(wish.name))
  return `#!/bin/sh
# Written by provision (role breakglass).
#   provision-breakglass status | start [PART] | stop [--force] [PART]        parts: ${parts.join(', ')}
# Only when the swarm cannot: it has no quorum, and this host was restarted. Before the swarm takes over again: stop.
set -u
umask 077
parts='${parts.join(' ')}'

of_swarm() { docker ps -q --filter "label=com.docker.swarm.service.name=$1-$(hostname)"; }

# The secrets of a part, for its own user only, in memory.
secrets() {
  dir=/run/provision-breakglass/$1; shift
  owner=$1; shift
  rm -rf "$dir"; mkdir -p "$dir"
  for file; do
    from=/etc/provision/tls/$file; [ -e "$from" ] || from=/etc/provision/secrets/$file
    cat "$from" > "$dir/$file"
  done
  chown -R "$owner" "$dir"; chmod 0711 /run/provision-breakglass
}

start() {
  if [ -n "$(of_swarm "$1")" ]; then echo "$1: the swarm runs it; nothing done"; return; fi
  docker rm -f "breakglass-$1" >/dev/null 2>&1
  case $1 in
${services.map(branch).join('\n')}
  esac && echo "$1: started without the swarm"
}

# Who streams from the server here while it leads. They stop first: where the primary does, the others lead one after the
# other while all end, and two of them may end on timelines of one number that differ.
followers() {
  ${localPsql(raw('breakglass-postgres')).text} -Atqc "SELECT pg_catalog.string_agg(application_name, ' ') FROM pg_catalog.pg_stat_replication WHERE state <> 'backup' AND NOT pg_catalog.pg_is_in_recovery()" postgres 2>/dev/null </dev/null
}

stop() { if docker rm -f "breakglass-$1" >/dev/null 2>&1; then echo "$1: stopped"; else echo "$1: was not running"; fi; }

state() {
  if [ -n "$(of_swarm "$1")" ]; then echo "$1: run by the swarm"
  elif [ -n "$(docker ps -q --filter "name=^breakglass-$1$")" ]; then echo "$1: run by this script"
  else echo "$1: not running"; fi
}

[ $# -ge 1 ] || { sed -n '3p' "$0" >&2; exit 4; }
act=$1; shift
force=
[ "\${1:-}" != --force ] || { force=1; shift; }
if [ "$act" = stop ] && [ -z "$force" ]; then
  case " \${*:-$parts} " in *' postgres '*) first=$(followers) ;; esac
fi
[ -z "\${first:-}" ] || {
  echo "nothing stopped: this host leads, and these follow it: $first. Stop theirs first, this one last; to stop this one alone: stop --force" >&2
  exit 1
}
for part in \${*:-$parts}; do
  case " $parts " in *" $part "*) ;; *) echo "there is no part $part: $parts" >&2; exit 4 ;; esac
  case $act in
    start) start "$part" || exit 1 ;;
    stop) docker stop -t 60 "breakglass-$part" >/dev/null 2>&1; stop "$part" ;;
    status) state "$part" ;;
    *) sed -n '3p' "$0" >&2; exit 4 ;;
  esac
done
`
}

function branch(wish: ServiceWish): string {
  const name = component(wish.name)
  const files = (wish.secrets ?? []).map(({ file }) => file)
  const flags = [
    '--name',
    `breakglass-${name}`,
    '--network',
    'host',
    '--hostname',
    wish.host,
    '--restart',
    'unless-stopped',
    '--stop-timeout',
    String(wish.stopSeconds ?? 30),
    ...(wish.user ? ['--user', wish.user] : []),
    ...(wish.memoryMb ? ['--memory', `${wish.memoryMb}m`] : []),
    ...Object.entries(wish.env ?? {}).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
    ...(wish.mounts ?? []).flatMap(({ source, target, readOnly }) => [
      '--volume',
      `${source}:${target}${readOnly ? ':ro' : ''}`,
    ]),
    ...(wish.tmpfs ?? []).flatMap(({ target, mb, mode }) => [
      '--tmpfs',
      `${target}:size=${mb}m,mode=${mode.toString(8)}`,
    ]),
    '--volume',
    `/run/provision-breakglass/${name}:/run/secrets:ro`,
  ]
  return `    ${name})
      ${sh`secrets ${name} ${wish.user ?? '0:0'} ${files}`.text}
      ${sh`docker run --detach --quiet ${flags} ${wish.image} ${wish.args ?? []} >/dev/null`.text}
      ;;`
}

/** `etcd-h1` → `etcd` */
function component(service: string): string {
  return service.slice(0, service.indexOf('-'))
}
