import type { Fact } from '../model/probe.ts'
import { sh } from '../shell/sh.ts'

/** Tags of all images that the host has; none where there is no Engine. */
export const dockerTags: Fact<readonly string[]> = {
  name: 'docker-tags',
  probe: {
    script: sh`curl -s --max-time 10 --unix-socket /run/docker.sock http://docker/images/json 2>/dev/null | jq -r '.[].RepoTags[]?' 2>/dev/null; :`,
    parse: ({ stdout }) => stdout.split('\n').filter(Boolean),
  },
}
