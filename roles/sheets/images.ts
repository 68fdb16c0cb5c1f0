import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ImageBuild, sharedVars, t } from 'provision'

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
    proxy: t.Optional(t.String({ description: 'HTTP proxy for packages while images are built.' })),
  }),
)

interface Image {
  readonly tag: string
  readonly build: ImageBuild
}

export interface ImageSet {
  /** What all names begin with. */
  readonly prefix: string
  readonly etcd: Image
  readonly postgres: Image
  readonly proxy: Image
  /** In the order in which they are built. */
  readonly all: readonly Image[]
}

/** The images, tagged by the content of all that they are built from. */
export function imageSet(vars: {
  readonly base: string
  readonly proxy?: string
  readonly registry?: string
}): ImageSet {
  const prefix = vars.registry ?? nowhere
  const proxy: Record<string, string> = vars.proxy ? { http_proxy: vars.proxy } : {}
  const image = (name: string, parent: string): Image => {
    const files = filesOf(name)
    const hash = createHash('sha256')
      .update(JSON.stringify([parent, files]))
      .digest('hex')
      .slice(0, 12)
    return { tag: `${prefix}/${name}:${hash}`, build: { files, args: { BASE: parent, ...proxy } } }
  }
  const base = image('base', vars.base)
  const [etcd, postgres, proxies] = [
    image('etcd', base.tag),
    image('postgres', base.tag),
    image('proxy', base.tag),
  ]
  return { prefix, etcd, postgres, proxy: proxies, all: [base, etcd, postgres, proxies] }
}

const read = new Map<string, Readonly<Record<string, string>>>()

function filesOf(name: string): Readonly<Record<string, string>> {
  const known = read.get(name)
  if (known) return known
  const names = readdirSync(join(folder, name)).sort()
  const files = Object.fromEntries(
    names.map((file) => [file, readFileSync(join(folder, name, file), 'utf8')]),
  )
  read.set(name, files)
  return files
}
