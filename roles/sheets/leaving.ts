import { command, sh } from 'provision'

/** What is left of etcd's data on a host that is no member any more: kept beside, because a member that returned with it would believe its old vote. */
export function etcdDataAside() {
  return command("put etcd's data aside", {
    run: sh`mv -T /var/lib/etcd/member "/var/lib/etcd/left-$(date -u +%Y-%m-%dT%H-%M-%SZ)"`.text,
    onlyIf: sh`[ -d /var/lib/etcd/member ]`.text,
    risk: ['data'],
  })
}
