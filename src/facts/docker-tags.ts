import { enginePage, imageTags } from '../docker/pages.ts'
import type { Fact } from '../model/probe.ts'
import { sh } from '../shell/sh.ts'

/** Tags of all images that the host has; none where there is no Engine. */
export const dockerTags: Fact<readonly string[]> = {
  name: 'docker-tags',
  probe: {
    script: sh`:`,
    gets: [enginePage('/images/json')],
    parse: (_, [images]) => imageTags(images),
  },
}
