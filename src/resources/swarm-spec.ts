import type { Change } from '../model/kind.ts'
import type { ServiceWish } from './swarm-service.ts'

/** The part of the Engine's ServiceSpec (API 1.45) that we set. */
export interface ServiceSpec {
  readonly Name: string
  readonly TaskTemplate: {
    readonly ContainerSpec: Readonly<Record<string, unknown>>
    readonly [key: string]: unknown
  }
  readonly [key: string]: unknown
}

const second = 1_000_000_000

/** What the Engine is told. Zero values are left out: it drops them, and the two would never be alike. */
export function specOf(wish: ServiceWish): ServiceSpec {
  const mounts = [
    ...(wish.mounts ?? []).map(({ source, target, readOnly }) => ({
      Type: 'bind',
      Source: source,
      Target: target,
      ...(readOnly ? { ReadOnly: true } : {}),
    })),
    ...(wish.tmpfs ?? []).map(({ target, mb, mode }) => ({
      Type: 'tmpfs',
      Target: target,
      TmpfsOptions: { SizeBytes: mb * 1024 * 1024, Mode: mode },
    })),
  ]
  const [uid = '0', gid = '0'] = (wish.user ?? '0:0').split(':')
  const secrets = (wish.secrets ?? []).map(({ name, file }) => ({
    File: { Name: file, UID: uid, GID: gid, Mode: 0o400 },
    SecretName: name,
  }))
  return {
    Name: wish.name,
    Labels: { 'provision.host': wish.host },
    TaskTemplate: {
      ContainerSpec: {
        Image: wish.image,
        Hostname: wish.host,
        ...(wish.args ? { Args: wish.args } : {}),
        ...(wish.env ? { Env: Object.entries(wish.env).map(([name, value]) => `${name}=${value}`) } : {}),
        ...(wish.user ? { User: wish.user } : {}),
        ...(mounts.length > 0 ? { Mounts: mounts } : {}),
        ...(secrets.length > 0 ? { Secrets: secrets } : {}),
        StopGracePeriod: (wish.stopSeconds ?? 30) * second,
        // The swarm must never end a database because a check was slow.
        Healthcheck: { Test: ['NONE'] },
      },
      ...(wish.memoryMb ? { Resources: { Limits: { MemoryBytes: wish.memoryMb * 1024 * 1024 } } } : {}),
      RestartPolicy: { Condition: 'any', Delay: 3 * second },
      Placement: { Constraints: [`node.labels.provision.host==${wish.host}`] },
      Networks: [{ Target: 'host' }],
    },
    Mode: { Replicated: { Replicas: 1 } },
    UpdateConfig: { Parallelism: 1, FailureAction: 'pause', Monitor: second, Order: 'stop-first' },
  }
}

/** Ids that the swarm gives, and the name of the host's network, which it turns into one. */
const given = new Set(['SecretID', 'Networks'])

/** Where the wish and what the swarm has differ, by path. What the wish does not name is the Engine's own affair. */
export function differences(wished: unknown, found: unknown, path = ''): Change[] {
  if (Array.isArray(wished) && Array.isArray(found) && wished.length === found.length)
    return wished.flatMap((item, i) => differences(item, found[i], `${path}[${i}]`))
  if (isObject(wished) && isObject(found))
    return Object.keys(wished).flatMap((key) =>
      given.has(key) ? [] : differences(wished[key], found[key], path ? `${path}.${key}` : key),
    )
  return JSON.stringify(wished) === JSON.stringify(found)
    ? []
    : [{ attribute: short(path), from: found ?? 'absent', to: wished }]
}

function short(path: string): string {
  return path.replace('TaskTemplate.ContainerSpec.', '').replace('TaskTemplate.', '')
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
