import { engineGet } from '../docker/api.ts'
import { enginePage, imageTags } from '../docker/pages.ts'
import { ask } from '../model/ask.ts'
import type { Kind, Planned } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import type { Secret } from '../secret/secret.ts'
import { lines, type Script, sh, showAs } from '../shell/sh.ts'

/** What an image is built from. Its tag should be made from all of this, so that equal tags mean equal content. */
export interface ImageBuild {
  /** Files of the build context by name, `Dockerfile` among them. */
  readonly files: Readonly<Record<string, string>>
  readonly args: Readonly<Record<string, string>>
}

export type ImageOptions = Meta &
  (
    | { readonly build: ImageBuild }
    /** Another host of the run that has it, or is about to build it: it comes from there over SSH, layer by layer. */
    | { readonly from: string }
    /** A tar file on the host with a root file system: for sites without a registry. */
    | { readonly archive: string }
    | { readonly pull: true }
    | RegistryImage
  )

/**
 * From a registry. Where `build` is given and the registry does not have it, it is built here and put there; `after`
 * names the host that may be doing so at this moment.
 */
interface RegistryImage {
  /** Host and port of the registry. */
  readonly registry: string
  readonly login?: Login
  readonly build?: ImageBuild
  readonly after?: string
}

interface Login {
  readonly user: string
  readonly password: Secret
}

type Wanted = { readonly tag: string } & (
  | { readonly how: 'build'; readonly build: ImageBuild }
  | { readonly how: 'copy'; readonly from: string }
  | { readonly how: 'import'; readonly archive: string }
  | { readonly how: 'pull' }
  | {
      readonly how: 'registry'
      readonly registry: string
      readonly login?: Login
      readonly build?: ImageBuild
    }
)

/** The digests of an image's layers, in order; undefined where there is no such image. */
type Layers = readonly string[] | undefined

/** RuVector took three quarters of an hour on two busy cores; all others take a minute or two. */
const buildSeconds = 7200

/** A container image with this tag on the host. What carries the tag is believed: a tag is never moved. */
export function dockerImage(tag: string, options: ImageOptions): Resource<Wanted, Layers> {
  if ('registry' in options) {
    const { registry, login, build, after } = options
    const wanted = {
      tag,
      how: 'registry',
      registry,
      ...(login ? { login } : {}),
      ...(build ? { build } : {}),
    }
    const asks = after ? [ask(after, layersOf(tag), 1200)] : []
    return resource(kind, tag, wanted as Wanted, { ...options, asks })
  }
  if ('build' in options)
    return resource(kind, tag, { tag, how: 'build', build: options.build } as Wanted, options)
  if ('archive' in options)
    return resource(kind, tag, { tag, how: 'import', archive: options.archive } as Wanted, options)
  if ('pull' in options) return resource(kind, tag, { tag, how: 'pull' } as Wanted, options)
  const asks = [ask(options.from, layersOf(tag), buildSeconds)]
  return resource(kind, tag, { tag, how: 'copy', from: options.from } as Wanted, { ...options, asks })
}

/** The layers of an image that is there; no answer while it is not. */
function layersOf(tag: string) {
  return {
    script: sh`${inspect(tag)} 2>/dev/null | jq -c .RootFS.Layers`,
    parse({ stdout }: { readonly stdout: string }) {
      const found = JSON.parse(stdout.trim() || 'null') as Layers | null
      if (!found) throw new Error(`it has no image ${tag} yet`)
      return found
    },
  }
}

function inspect(tag: string): Script {
  return engineGet(`/images/${tag}/json`)
}

const kind: Kind<Wanted, Layers> = {
  name: 'image',
  secrets: ['login'],
  timeoutSeconds: buildSeconds,
  probe: (wanted) => ({
    script: sh`:`,
    gets: [enginePage('/images/json')],
    parse(_, [images]) {
      const tags = new Set(imageTags(images))
      return wanted.map(({ tag }) => (tags.has(tag) || tags.has(`${tag}:latest`) ? [] : undefined))
    },
  }),
  plan: (wanted, layers) => (layers ? [] : [{ attribute: 'image', from: 'absent', to: wordsFor(wanted) }]),
  transfer({ desired, answers }: Planned<Wanted, Layers>) {
    if (desired.how !== 'copy') return undefined
    const all = answers[0] as readonly string[]
    return {
      from: desired.from,
      have: sh`if ${byLayers}; then ${engineGet('/images/json')} | jq -r '.[].Id' | while read -r id; do curl -sS --unix-socket /run/docker.sock "http://docker/images/$id/json" | jq -c .RootFS.Layers; done; fi`,
      send: (have) => sendLayers(desired.tag, sharedLayers(all, have)),
      receive: sh`zstd -dc | docker load -q`,
    }
  },
  apply: (planned) =>
    lines([sh`set -e`, ...planned.map(({ desired, answers }) => step(desired, answers[0] as Layers))]),
}

function wordsFor(wanted: Wanted): string {
  switch (wanted.how) {
    case 'copy':
      return `copied from ${wanted.from}`
    case 'import':
      return `imported from ${wanted.archive}`
    case 'registry':
      return wanted.build
        ? `pulled from ${wanted.registry}, or built and put there`
        : `pulled from ${wanted.registry}`
    default:
      return wanted.how === 'build' ? 'built' : 'pulled'
  }
}

/**
 * The layers that the receiver has already, in the right order from the bottom: the Engine finds a layer by the chain
 * below it, and then does not look for its file in the archive.
 */
export function sharedLayers(all: readonly string[], have: string): readonly string[] {
  const there = have
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as readonly string[])
  const lengths = there.map((layers) => {
    const differs = all.findIndex((layer, i) => layers[i] !== layer)
    return differs < 0 ? all.length : differs
  })
  return all.slice(0, Math.max(0, ...lengths))
}

/**
 * Does this Engine keep its images layer by layer, as graph drivers do? The image store of containerd, the default of fresh
 * Engines from 29 on, names what it keeps by the compressed content and takes a whole image only.
 */
const byLayers = sh`[ "$(${engineGet('/info')} | jq '[.DriverStatus[]? | select(.[0] == "driver-type")] | length')" = 0 ]`

/** Left out is what the receiver has; a sender with containerd's store names its files otherwise, and sends all of them. */
function sendLayers(tag: string, without: readonly string[]): Script {
  const drop = without.map((digest) => `blobs/sha256/${digest.replace(/^sha256:/, '')}`)
  if (drop.length === 0) return sh`docker save ${tag} | zstd -1 -T0 -c`
  return sh`if ${byLayers}; then docker save ${tag} | tar --delete -f - ${drop} | zstd -1 -T0 -c; else docker save ${tag} | zstd -1 -T0 -c; fi`
}

function step(wanted: Wanted, sent: Layers): Script {
  const { tag } = wanted
  switch (wanted.how) {
    case 'build':
      return buildStep(tag, wanted.build)
    case 'import':
      return sh`docker import ${wanted.archive} ${tag} >/dev/null`
    case 'pull':
      return sh`docker pull -q ${tag} >/dev/null`
    case 'registry':
      return registryStep(wanted)
    default:
      // It has come with the transfer. Two stores give one image two ids: what is in it is told by its layers.
      return sh`found=$(${inspect(tag)} | jq -c .RootFS.Layers); [ "$found" = ${JSON.stringify(sent)} ] || { echo ${`${tag} did not arrive as it was sent: its layers are`} "$found" >&2; exit 1; }`
  }
}

/**
 * The login lives in a folder of its own, for this step only, and its password comes over standard input. A host that
 * only pulls waits for the one that builds: what that one has is not in the registry at once.
 */
function registryStep({ tag, registry, login, build }: Extract<Wanted, { how: 'registry' }>): Script {
  const enter = login
    ? sh`printf %s ${login.password} | docker login -u ${login.user} --password-stdin ${registry} >/dev/null 2>&1 || { echo ${`${registry} refuses the login of ${login.user}: provision secrets set registry-password`} >&2; exit 1; }`
    : sh`:`
  const fetch = build
    ? sh`docker pull -q ${tag} >/dev/null 2>&1 || { ( ${buildStep(tag, build)} ) && docker push -q ${tag} >/dev/null; }`
    : sh`end=$(($(date +%s) + 120)); until said=$(docker pull -q ${tag} 2>&1); do [ "$(date +%s)" -lt "$end" ] || { printf '%s\n' "$said" >&2; exit 1; }; sleep 2; done`
  const script = lines([
    sh`( DOCKER_CONFIG=$(mktemp -d); export DOCKER_CONFIG; trap 'rm -rf -- "$DOCKER_CONFIG"' EXIT`,
    enter,
    fetch,
    sh`) || exit 1`,
  ])
  return showAs(script, `docker pull ${tag}${build ? ', or build and push it' : ''}`)
}

function buildStep(tag: string, { files, args }: ImageBuild): Script {
  const context = Object.entries(files).map(([name, text]) => sh`printf %s ${text} > "$d"/${name}`)
  const flags = Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`])
  // The classic builder: it needs no plugin that Debian's docker.io lacks. The host's own network: no bridge, no DNAT.
  const script = lines([
    sh`d=$(mktemp -d); trap 'rm -rf -- "$d"' EXIT`,
    ...context,
    sh`DOCKER_BUILDKIT=0 docker build -q --network host --force-rm ${flags} -t ${tag} "$d" >"$d/log" 2>&1 || { tail -n 30 "$d/log" >&2; exit 1; }`,
    // The classic builder keeps the earlier stages of a Dockerfile as images without a name.
    sh`docker image prune -f --filter label=provision.stage=build >/dev/null`,
  ])
  return showAs(script, `docker build -t ${tag} (${Object.keys(files).join(', ')})`)
}
