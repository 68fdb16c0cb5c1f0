/** `npm run test:long`: images carried between Engines that keep them differently, layer by layer or in containerd's store. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dockerImage } from '../../src/index.ts'
import { down, up } from '../../src/lab/lab.ts'
import type { Host } from '../../src/model/host.ts'
import { sh } from '../../src/shell/sh.ts'
import { connection } from '../lab/connection.ts'
import { converge, on, type Ran } from '../lab/engine.ts'

let hosts: readonly Host[]

beforeAll(async () => {
  hosts = (await up(2)).map((host) => connection(host))
  // containerd's store lies on the lab's second disk: an overlay over the lab's own root, an overlay too, cannot be.
  const install = sh`mkdir -p /data/containerd /var/lib/containerd; mount --bind /data/containerd /var/lib/containerd
apt-get update -qq >/dev/null; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io docker-cli apparmor ca-certificates curl jq zstd >/dev/null 2>&1
mkdir -p /root/fs/bin; cp /bin/true /root/fs/bin; tar -C /root/fs -cf /root/base.tar .`
  await Promise.all(hosts.map((host) => on(host, install)))
})
afterAll(() => down())

const stores = { layers: '{}', containerd: '{ "features": { "containerd-snapshotter": true } }' } as const

/** Both Engines with nothing in them, each with its store. */
async function begin(...wanted: readonly (keyof typeof stores)[]): Promise<void> {
  const found = await Promise.all(
    hosts.map((host, i) =>
      on(
        host,
        sh`printf '%s' ${stores[wanted[i] ?? 'layers']} >/etc/docker/daemon.json; systemctl reset-failed docker; systemctl restart docker
docker image prune -af >/dev/null; docker info -f '{{.DriverStatus}}' | grep -o containerd.snapshotter || echo layers`,
      ),
    ),
  )
  expect(found.map((store) => (store === 'layers' ? store : 'containerd'))).toEqual(wanted)
}

const build = (parent: string, text: string) => ({
  files: { Dockerfile: 'ARG BASE\nFROM $BASE\nCOPY text /text\n', text },
  args: { BASE: parent },
})

function carried({ events }: Ran): readonly string[] {
  return events.flatMap((e) => (e.type === 'notice' && / came from /.test(e.text) ? [e.text] : []))
}

test.each([
  ['layers', 'layers'],
  ['layers', 'containerd'],
  ['containerd', 'layers'],
  ['containerd', 'containerd'],
] as const)('from %s to %s: the image arrives with all its layers, and runs as there', async (from, to) => {
  await begin(from, to)
  const [giver, taker] = hosts
  if (!giver || !taker) throw new Error('no hosts')
  const ran = await converge(hosts, ({ host }) =>
    host.name === giver.name
      ? [
          dockerImage('parent:1', { archive: '/root/base.tar' }),
          dockerImage('lab/one:1', { build: build('parent:1', 'one') }),
          dockerImage('lab/two:1', { build: build('lab/one:1', 'two') }),
        ]
      : [dockerImage('lab/one:1', { from: giver.name }), dockerImage('lab/two:1', { from: giver.name })],
  )
  expect(ran.failures).toEqual([])
  expect(carried(ran)).toHaveLength(2)
  const content = sh`c=$(docker create lab/two:1 /bin/true); docker cp "$c:/text" - | tar -xO; docker rm "$c" >/dev/null; docker run --rm --network none lab/two:1 /bin/true || [ $? = 127 ]; docker image inspect -f '{{json .RootFS.Layers}}' lab/two:1`
  const [here, there] = await Promise.all([on(giver, content), on(taker, content)])
  expect(there).toBe(here)
  expect(there).toMatch(/^two\["sha256:[^,]*,"sha256:[^,]*,"sha256:[^,]*"\]$/m)
})
