import type { EngineSource, Os } from 'provision'

/** A release that we know, and what its own Docker is. */
interface Release {
  readonly id: 'debian' | 'ubuntu'
  readonly version: string
  readonly codename: string
  /** Packages of its own Engine. Ubuntu's docker.io holds the client, Debian's has it apart since 13. */
  readonly own: readonly string[]
  /** Its Engine, where that is older than 24, the oldest that we take. */
  readonly tooOld?: string
}

/** Sources: the package indexes of Debian (bookworm, trixie) and of Ubuntu with its updates (jammy, noble), November 2026. */
export const releases: readonly Release[] = [
  { id: 'debian', version: '12', codename: 'bookworm', own: ['docker.io'], tooOld: '20.10' },
  { id: 'debian', version: '13', codename: 'trixie', own: ['docker.io', 'docker-cli'] },
  { id: 'ubuntu', version: '22.04', codename: 'jammy', own: ['docker.io'] },
  { id: 'ubuntu', version: '24.04', codename: 'noble', own: ['docker.io'] },
]

/** `Debian 12 or 13, Ubuntu 22.04 or 24.04`, for people. */
export function supportedText(): string {
  const list = (id: Release['id']) => {
    const versions = releases.filter((r) => r.id === id).map((r) => r.version)
    return `${versions.slice(0, -1).join(', ')} or ${versions.at(-1)}`
  }
  return `Debian ${list('debian')}, Ubuntu ${list('ubuntu')}`
}

export function releaseOf({ id, version }: Pick<Os, 'id' | 'version'>): Release | undefined {
  return releases.find((r) => r.id === id && r.version === version)
}

/** Why an Engine that is there cannot be used, and what to do; undefined where it can, or where there is none. */
export function engineRefused(
  found: EngineSource | undefined,
  source: 'distribution' | 'docker',
): { readonly why: string; readonly next: string } | undefined {
  if (found === 'snap')
    return {
      why: "its folders are not the host's, and signals do not reach its containers",
      next: 'move what runs in it elsewhere, then: snap remove docker',
    }
  if (found === 'podman-docker')
    return { why: 'Podman only answers in its place: it has no Swarm', next: 'apt-get remove podman-docker' }
  if (found === 'docker.io' && source === 'docker')
    return {
      why: "Docker's own packages would remove it, and stop its containers",
      next: 'leave out docker.source in the inventory: the Engine that is there is used; or remove docker.io by hand first',
    }
  return undefined
}

/**
 * The packages of the Engine, the one that may be pinned first. An Engine that is there already is kept, whatever it was
 * installed from: another one's packages conflict with it, and would remove it with its containers.
 */
export function enginePackages(
  os: Pick<Os, 'id' | 'version'>,
  source: 'distribution' | 'docker',
  found: EngineSource | undefined,
): { readonly pinned: readonly string[]; readonly beside: readonly string[] } {
  if (found === 'moby-engine') return { pinned: ['moby-engine'], beside: ['curl'] }
  if (found === 'docker-ce' || source === 'docker')
    return { pinned: ['docker-ce', 'docker-ce-cli'], beside: ['containerd.io', 'curl'] }
  const [engine = 'docker.io', ...client] = releaseOf(os)?.own ?? []
  // apparmor is only recommended, but without it no container starts.
  return { pinned: [engine], beside: [...client, 'apparmor', 'ca-certificates', 'curl'] }
}
