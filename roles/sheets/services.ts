import {
  command,
  containerOf,
  type Host,
  type Identity,
  type Resource,
  type Secret,
  type ServiceWish,
  sh,
} from 'provision'
import { type BackupKeys, backupKeys, type Repository, sharedFolder } from './backup.ts'
import type { ImageSet } from './images.ts'
import { identityMounts, type Passwords, passwordMounts } from './secrets.ts'

/** What every service of the stack is made from. */
export interface Parts {
  readonly host: Host
  readonly images: ImageSet
  readonly tls: Identity
}

/**
 * A program takes over a changed file without a restart: its container is sent HUP. It belongs before the service, since
 * one that has just been started has read the file already.
 */
export function reload(program: string, service: string, config: Resource) {
  return command(`reload ${program}`, {
    run: sh`${containerOf(service)} | xargs -r docker kill -s HUP >/dev/null`.text,
    on: [config],
  })
}

export const tmp = { target: '/run/provision', mb: 16, mode: 0o1777 }
export const config = (name: string) => ({
  source: `/etc/provision/${name}`,
  target: `/etc/provision/${name}`,
  readOnly: true,
})

export function etcdService({ host, images, tls }: Parts): ServiceWish {
  return {
    name: `etcd-${host.name}`,
    image: images.etcd.tag,
    host: host.name,
    user: '2379:2379',
    mounts: [
      config('etcd'),
      { source: '/var/lib/etcd', target: '/var/lib/etcd' },
      { source: '/var/lib/etcd-snapshots', target: '/var/lib/etcd-snapshots' },
    ],
    secrets: identityMounts(host, tls),
    memoryMb: 2048,
  }
}

export function postgresService(
  { host, images, tls }: Parts,
  secrets: Passwords & BackupKeys,
  repository: Repository,
): ServiceWish {
  const folder = sharedFolder(repository)
  return {
    name: `postgres-${host.name}`,
    image: images.postgres.tag,
    host: host.name,
    user: '5432:5432',
    env: { NODE_ADDRESS: host.address },
    mounts: [
      config('postgres'),
      { source: '/var/lib/pg', target: '/var/lib/pg' },
      ...(folder ? [{ source: folder, target: folder }] : []),
    ],
    tmpfs: [
      tmp,
      { target: '/run/postgresql', mb: 16, mode: 0o1777 },
      // Docker's 64 MB breaks parallel queries.
      { target: '/dev/shm', mb: 1024, mode: 0o1777 },
    ],
    secrets: [
      ...identityMounts(host, tls),
      ...passwordMounts([
        secrets.superuser,
        secrets.replication,
        secrets.rewind,
        secrets.rest,
        ...backupKeys(secrets),
      ]),
    ],
    stopSeconds: 120,
  }
}

export function pgbouncerService({ host, images, tls }: Parts, pooler: Secret): ServiceWish {
  return {
    name: `pgbouncer-${host.name}`,
    image: images.proxy.tag,
    host: host.name,
    args: ['run-pgbouncer'],
    user: '6432:6432',
    mounts: [config('proxy')],
    tmpfs: [tmp],
    secrets: [...identityMounts(host, tls), ...passwordMounts([pooler])],
    memoryMb: 512,
  }
}

export function haproxyService({ host, images, tls }: Parts): ServiceWish {
  return {
    name: `haproxy-${host.name}`,
    image: images.proxy.tag,
    host: host.name,
    args: ['run-haproxy'],
    user: '5433:5433',
    mounts: [config('proxy')],
    tmpfs: [tmp],
    secrets: identityMounts(host, tls),
    memoryMb: 1024,
  }
}
