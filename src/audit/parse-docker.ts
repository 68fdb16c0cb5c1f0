/** A port that Docker leads from the host's addresses into a container. */
export interface PublishedPort {
  /** Address of the host it is bound to; `0.0.0.0` and `::` are all. */
  readonly address: string
  readonly port: number
  readonly protocol: string
  readonly containerPort: number
  /** Of the container or the service. */
  readonly name: string
}

interface ContainerJson {
  readonly id: string
  readonly name: string
  readonly ports: readonly {
    readonly ip?: string | null
    readonly private: number
    readonly public?: number | null
    readonly protocol: string
  }[]
}
interface ServiceJson {
  readonly name: string
  readonly ports: readonly {
    readonly public?: number | null
    readonly private: number
    readonly protocol: string
    readonly mode?: string
  }[]
}

/** Names of containers by their ids. */
export function parseContainers(text: string): ReadonlyMap<string, string> {
  return new Map(listOf<ContainerJson>(text).map(({ id, name }) => [id, name.replace(/^\//, '')]))
}

/** What running containers publish, and services through the swarm's ingress. */
export function parsePublished(containers: string, services: string): readonly PublishedPort[] {
  const own = listOf<ContainerJson>(containers).flatMap((c) =>
    c.ports.flatMap((p) =>
      p.public
        ? [
            {
              address: p.ip || '0.0.0.0',
              port: p.public,
              protocol: p.protocol,
              containerPort: p.private,
              name: c.name.replace(/^\//, ''),
            },
          ]
        : [],
    ),
  )
  const ingress = listOf<ServiceJson>(services).flatMap((s) =>
    s.ports.flatMap((p) =>
      p.public && p.mode === 'ingress'
        ? [
            {
              address: '0.0.0.0',
              port: p.public,
              protocol: p.protocol,
              containerPort: p.private,
              name: s.name,
            },
          ]
        : [],
    ),
  )
  return [...own, ...ingress]
}

/** Empty text is a host without Docker, or one that is no manager. */
function listOf<T>(text: string): readonly T[] {
  if (text.trim() === '') return []
  const value: unknown = JSON.parse(text)
  if (!Array.isArray(value)) throw new Error('Docker did not answer with a list')
  return value as T[]
}
