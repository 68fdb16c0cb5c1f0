import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { dockerTags, type ImageBuild, pinsFile, sharedVars, t } from 'provision'

const folder = join(import.meta.dirname, '..', '..', 'templates', 'images')

/**
 * A registry that is never there: the swarm asks for a newer image before it takes the one on the host, and nobody on
 * the way may answer that. Port 1 of the host itself refuses at once, without any lookup of names.
 */
const nowhere = 'localhost:1/provision'

export const imageVars = sharedVars(
  'images',
  t.Object({
    base: t.String({ default: 'debian:trixie', description: 'What all images are built from.' }),
    archive: t.Optional(
      t.String({
        description: 'Tar file on the host to import the base from, for sites without a registry.',
      }),
    ),
    registry: t.Optional(
      t.String({
        pattern: '^[^/\\s]+(/[^/\\s:]+)+$',
        description:
          'Where the images are kept: registry.example/provision. What is not there yet is built on one host and put there. Default: no registry, carried over SSH.',
      }),
    ),
    registryUser: t.Optional(
      t.String({
        description:
          'Account of the registry; its password: provision secrets set registry-password. Default: no login.',
      }),
    ),
    edition: t.Optional(
      t.String({
        pattern: '^([0-9]{8}(-[0-9]{1,3})?)?$',
        description:
          "Which edition of the images: built anew with the packages of that day, by `provision upgrade`. Default: the newest that the hosts have; '' is the first one, without a name.",
      }),
    ),
    proxy: t.Optional(t.String({ description: 'HTTP proxy for packages while images are built.' })),
    ruvector: t.Boolean({
      default: false,
      description:
        'RuVector in the image of PostgreSQL, compiled on one host from its crate: this takes long.',
    }),
    crates: t.Optional(
      t.String({
        pattern: '^https?://.*[^/]$',
        description: 'Index of crates (sparse) instead of that of crates.io, to build RuVector from.',
      }),
    ),
  }),
)

interface Image {
  readonly tag: string
  readonly build: ImageBuild
}

/** What a role must know of each host to tell the edition that is in force. */
export const imageFacts = { tags: dockerTags }

export interface ImageSet {
  /** Empty: the first one, without a name. */
  readonly edition: string
  /** What all names begin with. */
  readonly prefix: string
  readonly etcd: Image
  readonly postgres: Image
  readonly proxy: Image
  /** Prometheus, Alertmanager and exporters. */
  readonly monitor: Image
  /** In the order in which they are built. */
  readonly all: readonly Image[]
}

/** The names of images that are there whatever the inventory says. */
const always = ['base', 'etcd', 'postgres', 'proxy']

/**
 * The edition in force: the newest of which any host has all images. It is kept nowhere else, so that an ordinary run
 * from any clone goes on with it (docs/decisions/0016-the-edition-is-the-hosts.md).
 */
function editionOf(prefix: string, hosts: readonly Having[]): string {
  const whole = hosts.flatMap(({ facts }) => {
    const names = Map.groupBy(
      facts.tags.filter((tag) => tag.startsWith(`${prefix}/`)),
      (tag) => /:(\d{8}(?:-\d{1,3})?)-[0-9a-f]{12}$/.exec(tag)?.[1] ?? '',
    )
    return [...names].flatMap(([edition, tags]) =>
      always.every((name) => tags.some((tag) => tag.startsWith(`${prefix}/${name}:`))) ? [edition] : [],
    )
  })
  return whole.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1) ?? ''
}

interface Having {
  readonly facts: { readonly tags: readonly string[] }
}

/**
 * The images, tagged by the content of all that they are built from, and by their edition. With RuVector on, every
 * member has its layer. `isMonitored`: whether that of the monitoring is one of `all`.
 */
export function imageSet(
  vars: {
    readonly base: string
    readonly edition?: string
    readonly proxy?: string
    readonly ruvector?: boolean
    readonly crates?: string
    readonly registry?: string
  },
  hosts: readonly Having[],
  isMonitored = false,
): ImageSet {
  const prefix = vars.registry ?? nowhere
  const edition = vars.edition ?? editionOf(prefix, hosts)
  const proxy: Record<string, string> = vars.proxy ? { http_proxy: vars.proxy } : {}
  const image = (name: string, parent: string, args: Readonly<Record<string, string>> = {}): Image => {
    const files = filesOf(name)
    const hash = createHash('sha256')
      .update(JSON.stringify([parent, files]))
      .digest('hex')
      .slice(0, 12)
    const tag = `${prefix}/${name}:${edition && `${edition}-`}${hash}`
    return { tag, build: { files, args: { BASE: parent, ...proxy, ...args } } }
  }
  const base = image('base', vars.base, edition ? { EDITION: edition } : {})
  const [etcd, postgres, proxies] = [
    image('etcd', base.tag),
    image('postgres', base.tag),
    image('proxy', base.tag),
  ]
  const monitor = image('monitor', base.tag)
  const all = [base, etcd, postgres, proxies, ...(isMonitored ? [monitor] : [])]
  const set = { edition, prefix, etcd, postgres, proxy: proxies, monitor, all }
  if (!vars.ruvector) return set
  const layered = image('ruvector', postgres.tag, {
    // Packages come by HTTP, crates by HTTPS.
    ...(vars.proxy ? { https_proxy: vars.proxy } : {}),
    ...(vars.crates ? { CRATES: vars.crates } : {}),
  })
  return { ...set, postgres: layered, all: [...set.all, layered] }
}

const read = new Map<string, Readonly<Record<string, string>>>()

function filesOf(name: string): Readonly<Record<string, string>> {
  const known = read.get(name)
  if (known) return known
  const names = readdirSync(join(folder, name)).sort()
  const files = {
    ...Object.fromEntries(names.map((file) => [file, readFileSync(join(folder, name, file), 'utf8')])),
    // For psql-leader. It is kept in one place, which the kinds of resources know, too.
    ...(name === 'postgres' ? { pins: pinsFile } : {}),
  }
  read.set(name, files)
  return files
}
