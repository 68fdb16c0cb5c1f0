import type { Probe } from '../model/probe.ts'
import { type Upgradable, upgradableIn, upgradeFlags } from '../model/upgradable.ts'
import { sh } from '../shell/sh.ts'

/** An image that a service of the stack runs, and what is outdated inside it. */
export interface Outdated {
  readonly image: string
  readonly packages: readonly Upgradable[]
}

/**
 * Asks apt inside a container of each image of the stack that runs on the host, with fresh lists, thrown away afterwards.
 * `proxy`: how packages are fetched. Several minutes at most; it changes nothing.
 */
export function outdatedImages(proxy: string | undefined): Probe<readonly Outdated[]> {
  const env = proxy ? ['-e', `http_proxy=${proxy}`] : []
  const inside = sh`apt-get update -qq >&2 && apt-get -s -qq upgrade ${upgradeFlags}`.text
  return {
    isolated: true,
    script: sh`set -e; d=$(mktemp -d); chmod 755 "$d"; trap 'rm -rf -- "$d"' EXIT
for image in $(docker ps --filter label=com.docker.swarm.service.name --format '{{.Image}}' | grep -E '/(etcd|postgres|proxy|ruvector|monitor):' | sort -u); do
  echo "image $image"
  docker run --rm --network host --user 0:0 --entrypoint sh -v "$d:/var/lib/apt/lists" ${env} "$image" -c ${inside}
done`,
    parse({ code, stdout, stderr }) {
      if (code !== 0) throw new Error(stderr.trim().split('\n').at(-1))
      return stdout
        .split(/^image /m)
        .slice(1)
        .map((part) => ({ image: part.split('\n')[0] ?? '', packages: upgradableIn(part) }))
    },
  }
}
