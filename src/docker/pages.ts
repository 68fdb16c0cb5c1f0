import type { Body, Get } from '../model/probe.ts'
import { sh } from '../shell/sh.ts'

/** A page of the Engine's API, by its socket, for a probe to read. */
export function enginePage(path: string): Get {
  return { client: sh`curl -sS --max-time 30 --unix-socket /run/docker.sock`, url: `http://docker${path}` }
}

/** Pages filtered by the Engine: `/tasks?filters=…`. */
export function filtered(path: string, filters: object): string {
  return `${path}?filters=${encodeURIComponent(JSON.stringify(filters))}`
}

/** Names of the swarm's secrets, from `/secrets`; none where the host manages no swarm. */
export function secretNames(page: Body): readonly string[] {
  const secrets = JSON.parse(page ?? '[]') as readonly { readonly Spec: { readonly Name: string } }[]
  return secrets.map((secret) => secret.Spec.Name)
}

/** Tags of all images that the host has, from `/images/json`; none where there is no Engine. */
export function imageTags(page: Body): readonly string[] {
  const images = JSON.parse(page ?? '[]') as readonly { readonly RepoTags?: readonly string[] | null }[]
  return images.flatMap((image) => image.RepoTags ?? [])
}

/** Containers that run, from `/containers/json`; none where there is no Engine. */
export function runningContainers(
  page: Body,
): readonly { readonly Image: string; readonly Labels: Readonly<Record<string, string>> }[] {
  return JSON.parse(page ?? '[]')
}

/** The Engine's major version, from `/version`; 0 where none answers. */
export function engineMajor(page: Body): number {
  const { Version = '0' } = JSON.parse(page ?? '{}') as { readonly Version?: string }
  return Number.parseInt(Version, 10) || 0
}

/** What `/info` says of the swarm. */
export interface SwarmInfo {
  /** The Engine's own name of the host. */
  readonly hostname: string
  /** `inactive` also where no Engine answers; `pending`, `active`, `locked`, `error` as the Engine says. */
  readonly state: string
  readonly isManager: boolean
  readonly nodeId: string
  readonly address: string
  /** Which swarm: its id. Undefined where the host manages none. */
  readonly cluster: string | undefined
  /** Undefined where the host manages no swarm. */
  readonly autolock: boolean | undefined
}

/** Reads `/info`. */
export function swarmInfo(page: Body): SwarmInfo {
  const info = JSON.parse(page ?? '{}') as {
    readonly Name?: string
    readonly Swarm?: {
      readonly LocalNodeState?: string
      readonly ControlAvailable?: boolean
      readonly NodeID?: string
      readonly NodeAddr?: string
      readonly Cluster?: {
        readonly ID?: string
        readonly Spec?: { readonly EncryptionConfig?: { readonly AutoLockManagers?: boolean } }
      }
    }
  }
  const swarm = info.Swarm ?? {}
  return {
    hostname: info.Name ?? '',
    state: swarm.LocalNodeState || 'inactive',
    isManager: swarm.ControlAvailable === true,
    nodeId: swarm.NodeID ?? '',
    address: swarm.NodeAddr ?? '',
    cluster: swarm.Cluster?.ID,
    autolock: swarm.Cluster ? swarm.Cluster.Spec?.EncryptionConfig?.AutoLockManagers === true : undefined,
  }
}

/** A node of the swarm, as far as it matters here. */
export interface SwarmNode {
  readonly ID: string
  readonly Spec: { readonly Labels?: Readonly<Record<string, string>>; readonly Availability?: string }
  readonly Description?: { readonly Hostname?: string }
  /** `ready`, `down`, `unknown`, `disconnected`. */
  readonly Status?: { readonly State?: string }
  /** Only of managers: `reachable`, `unreachable`. */
  readonly ManagerStatus?: { readonly Reachability?: string }
}

/** Nodes, from `/nodes`; none where the host manages no swarm. */
export function swarmNodes(page: Body): readonly SwarmNode[] {
  return JSON.parse(page ?? '[]') as readonly SwarmNode[]
}
