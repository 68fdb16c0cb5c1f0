import { enginePage, imageTags, runningContainers, secretNames } from '../docker/pages.ts'
import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { lines, sh } from '../shell/sh.ts'

interface Wanted {
  /** Names without the part that stands for their content. */
  readonly bases: readonly string[]
  readonly keep: readonly string[]
}

/**
 * Of the swarm's secrets with these base names (`secretName`) only those that are in use now: what a rotation has left
 * behind is removed. Others are left alone. The swarm itself refuses to remove one that a service still mounts.
 */
export function onlySecrets(name: string, wish: Wanted & Meta): Resource<Wanted, readonly string[]> {
  const { bases, keep, ...meta } = wish
  return resource(secrets, name, { bases, keep }, meta)
}

/** Of the images under a prefix only these: old versions are removed, but for those that a container still uses. */
export function onlyImages(
  prefix: string,
  tags: readonly string[],
  meta: Meta = {},
): Resource<Images, readonly string[]> {
  return resource(images, prefix, { prefix, tags }, meta)
}

interface Images {
  readonly prefix: string
  readonly tags: readonly string[]
}

const secrets: Kind<Wanted, readonly string[]> = {
  name: 'only-secrets',
  probe: (wanted) => ({
    script: sh`:`,
    gets: [enginePage('/secrets')],
    parse(_, [page]) {
      const names = secretNames(page)
      return wanted.map(({ bases, keep }) =>
        names.filter((name) => bases.includes(name.replace(/_[0-9a-f]{12}$/, '')) && !keep.includes(name)),
      )
    },
  }),
  plan: (_, old) =>
    old.length > 0 ? [{ attribute: 'old secrets', from: old.join(', '), to: 'removed' }] : [],
  apply: (planned) =>
    lines(
      planned.map(
        ({ actual }) =>
          sh`for name in ${actual}; do curl -sS --fail-with-body --max-time 30 --unix-socket /run/docker.sock -X DELETE "http://docker/secrets/$name" >&2 || exit 1; done`,
      ),
    ),
}

const images: Kind<Images, readonly string[]> = {
  name: 'only-images',
  probe: (wanted) => ({
    script: sh`:`,
    gets: [enginePage('/images/json'), enginePage('/containers/json')],
    parse(_, [images, containers]) {
      const inUse = new Set(runningContainers(containers).map((container) => container.Image))
      return wanted.map(({ prefix, tags: keep }) =>
        imageTags(images).filter((tag) => tag.startsWith(prefix) && !keep.includes(tag) && !inUse.has(tag)),
      )
    },
  }),
  plan: (_, old) =>
    old.length > 0 ? [{ attribute: 'old images', from: old.join(', '), to: 'removed' }] : [],
  // Stopped containers of the swarm's task history hold their image; their log is all that they are good for.
  apply: (planned) => lines(planned.map(({ actual }) => sh`docker image rm --force ${actual} >/dev/null`)),
}
